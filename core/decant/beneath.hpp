// SPDX-License-Identifier: MIT
// Files beneath a directory, and nothing else, whatever links there are.
#pragma once

#include <string>

#include "decant/descriptor.hpp"

namespace decant {

/// Opens `name`, a relative path, as open(2) would with `flags`, but nothing
/// that lies outside of the directory `root`. Links within it are followed
/// where the kernel has openat2(2), and refused with ELOOP elsewhere. None,
/// with errno, when it cannot be opened: EXDEV for what leads outside.
Descriptor open_beneath(int root, const std::string& name, int flags);

}  // namespace decant
