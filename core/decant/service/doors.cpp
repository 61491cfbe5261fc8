// SPDX-License-Identifier: MIT
#include "decant/service/doors.hpp"

#include <algorithm>
#include <utility>

#include "decant/error.hpp"
#include "decant/text.hpp"

namespace decant::service {
namespace {

/// What a door is called: "fcgi://unix:/run/x.sock". It goes to logs and
/// terminals.
std::string door_name(const Door& door) {
  std::string name = door.protocol + "://";
  append_escaped(name, door.endpoint);
  return name;
}

/// The door that a socket of that name comes to; null where none takes any.
const Door* door_for(const std::vector<Door>& doors, const std::string& name) {
  const Door* first = nullptr;
  for (const Door& door : doors) {
    if (!door.endpoint.empty()) continue;
    if (door.protocol == name) return &door;
    if (first == nullptr) first = &door;
  }
  return first;
}

std::string counted(int count, const char* one, const char* many) {
  return std::to_string(count) + ' ' + (count == 1 ? one : many);
}

}  // namespace

void OpenDoors::add(const Door& door, Listener listener,
                    const SocketSettings& socket) {
  if (door.check != nullptr) door.check(listener);
  if (door.is_public && socket.allow_peer.empty()) listener.open_to_all();
  doors.push_back(door);
  doors.back().endpoint = listener.name();
  listeners.push_back(std::move(listener));
}

std::vector<std::string> OpenDoors::names() const {
  std::vector<std::string> names;
  for (const Door& door : doors) names.push_back(door_name(door));
  return names;
}

bool takes_passed_sockets(const std::vector<Door>& doors) {
  return door_for(doors, {}) != nullptr;
}

OpenDoors open_doors(const std::string& name, const std::vector<Door>& doors,
                     const Options& options) {
  OpenDoors open_doors;
  for (const Door& door : doors) {
    if (door.endpoint.empty()) continue;
    SocketSettings socket = options.socket;
    socket.open_to_all = door.is_public;
    open_doors.add(
        door,
        door.open ? door.open() : open(Endpoint::parse(door.endpoint), socket),
        options.socket);
  }
  if (takes_passed_sockets(doors)) {
    for (Inherited& socket : inherited()) {
      open_doors.add(*door_for(doors, socket.name), std::move(socket.listener),
                     options.socket);
    }
  }
  if (open_doors.listeners.empty()) {
    throw UsageError(
        name +
        ": no endpoint to listen on; give --listen unix:/run/app.sock or "
        "--listen 127.0.0.1:9000, or start it by systemd or a web server, "
        "which "
        "pass a socket");
  }
  return open_doors;
}

std::string banner(const std::string& name, const std::vector<Door>& doors,
                   int processes, int threads) {
  // A URL is for people to follow.
  const bool alike =
      std::all_of(doors.begin(), doors.end(), [&](const Door& door) {
        return door.protocol == name && !door.is_public;
      });
  std::string names;
  for (const Door& door : doors) {
    names +=
        (names.empty() ? "" : ", ") + (alike ? door.endpoint : door_name(door));
  }
  return name + ": listening on " + names + ", " +
         (processes == 0
              ? ""
              : counted(processes, "process", "processes") + " with ") +
         counted(threads, "thread", "threads");
}

}  // namespace decant::service
