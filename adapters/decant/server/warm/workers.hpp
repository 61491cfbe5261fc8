// SPDX-License-Identifier: MIT
// The warm workers of this user, seen from outside.
#pragma once

#include <string>

#include "decant/server/warm/handover.hpp"

namespace decant::warm {

/// Tells, a line each, of the workers that serve `app`, as Options::app names
/// it, after it has asked them to end with Kind::stop; one that is busy is sent
/// TERM. Empty when there is none.
std::string tell_workers(const std::string& app, Kind kind);

}  // namespace decant::warm
