// SPDX-License-Identifier: MIT
// Pieces of Python that decant brings along.
#pragma once

#include "decant/application/python/object.hpp"

namespace decant::python {

/// Runs `code` in a namespace of its own, which it gives. Throws ErrorIsSet.
Object run_embedded(const char* code);

}  // namespace decant::python
