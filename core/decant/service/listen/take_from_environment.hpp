// SPDX-License-Identifier: MIT
// Variables of the process that are meant for the service alone.
#pragma once

#include <string>

namespace decant::service {

/// The value of an environment variable, which is removed so that no
/// application and no child has it; empty when there is none.
std::string take_from_environment(const char* name);

}  // namespace decant::service
