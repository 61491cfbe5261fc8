// SPDX-License-Identifier: MIT
// The warm workers of this user, seen from outside.
#pragma once

#include <string>

#include "decant/server/warm/handover.hpp"

namespace decant::warm {

/// Tells, a line each, of the workers that serve `app`, as Options::app names
/// it, after it has asked them to end with Kind::stop. Empty when there is
/// none. Waits no longer than a second for each.
std::string tell_workers(const std::string& app, Kind kind);

}  // namespace decant::warm
