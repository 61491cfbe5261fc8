// SPDX-License-Identifier: MIT
// --listen: endpoints with the protocols that are spoken there.
#pragma once

#include <string>
#include <vector>

#include "decant/command/command_line.hpp"
#include "decant/service/door.hpp"

namespace decant::command {

/// The doors of `settings`; where no endpoint was given, one of each protocol
/// that takes sockets which are passed. `protocol` is spoken where nothing else
/// is said. Throws UsageError for a protocol that there is not.
std::vector<service::Door> make_doors(const Settings& settings,
                                      const std::string& protocol);

}  // namespace decant::command
