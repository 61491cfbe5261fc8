// SPDX-License-Identifier: MIT
// The doors of a service as they are opened.
#pragma once

#include <string>
#include <vector>

#include "decant/service/door.hpp"
#include "decant/service/listen/listener.hpp"
#include "decant/service/options.hpp"

namespace decant::service {

/// The doors as they are once their sockets are open: one for each socket, at
/// the same place.
struct OpenDoors {
  std::vector<Door> doors;
  std::vector<Listener> listeners;

  void add(const Door& door, Listener listener, const SocketSettings& socket);
  /// What each is called.
  std::vector<std::string> names() const;
};

/// Opens them. Throws as service::serve() does; `name` is for messages.
OpenDoors open_doors(const std::string& name, const std::vector<Door>& doors,
                     const Options& options);

/// True when one of the doors takes sockets that were passed.
bool takes_passed_sockets(const std::vector<Door>& doors);

/// What the log is told once a service serves at these doors.
std::string banner(const std::string& name, const std::vector<Door>& doors,
                   int processes, int threads);

}  // namespace decant::service
