// SPDX-License-Identifier: MIT
// A temporary file of which nothing is left.
#pragma once

#include "decant/descriptor.hpp"

namespace decant {

/// An open file, for reading and writing, that has no name: in the folder that
/// TMPDIR names, or /tmp. None, with errno, when it cannot be made.
Descriptor open_temporary_file();

}  // namespace decant
