// SPDX-License-Identifier: MIT
// Exceptions in words.
#pragma once

#include <string>

namespace decant {

/// The exception being handled, for the log: what decant throws by itself says
/// it all, of others the type is named.
std::string current_error();

}  // namespace decant
