// SPDX-License-Identifier: MIT
// A door of a service: an endpoint and the protocol that is spoken there.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "decant/service/limits.hpp"

namespace decant::service {

class Listener;
class Observer;
class Protocol;
struct Served;

struct Door {
  /// Of the protocol, as it stands before "://" on a command line.
  std::string protocol;
  /// "unix:/run/x.sock", "127.0.0.1:9000", "[::1]:9000", "fd:3". Empty: takes
  /// sockets that were passed. Of those by systemd (LISTEN_FDS) a door takes
  /// what is named after its protocol (LISTEN_FDNAMES), and the first such door
  /// all others; else standard input.
  std::string endpoint;
  /// Of connections and requests that come by this door; none: the service's.
  /// The time-outs for a whole request and for the end of the service, and the
  /// number of connections, are the service's for all doors.
  std::optional<Limits> limits = {};
  /// Makes what speaks on the connections of one thread. `observer`, which is
  /// told of each request, is borrowed and may be null.
  std::function<std::unique_ptr<Protocol>(const Served& served,
                                          Observer* observer)>
      make_protocol;
  /// Looks at the socket once it is open and throws UsageError for one that the
  /// protocol does not take. May be null.
  void (*check)(const Listener& listener) = nullptr;
  /// Opens the socket, where `endpoint` is only a name; else it is opened as
  /// `endpoint` says.
  std::function<Listener()> open = {};
  /// Every peer may connect, unless SocketSettings::allow_peer names those that
  /// may; else loopback alone, unless it does.
  bool is_public = false;
};

}  // namespace decant::service
