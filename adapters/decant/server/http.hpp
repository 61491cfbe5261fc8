// SPDX-License-Identifier: MIT
// The server side for HTTP/1.x: a port to connect to, with or without a proxy
// in front. TLS and HTTP/2 are the proxy's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "decant/service/service.hpp"

namespace decant::http {

/// What a person may set of a door.
struct DoorOptions {
  /// Peers whose X-Forwarded-* and Forwarded are believed: addresses, ranges
  /// as "10.0.0.0/8", or "unix".
  std::vector<std::string> forwarded_allow;
  /// Every connection begins with a header of the PROXY protocol.
  bool proxy_protocol = false;
  /// None: default_limits().
  std::optional<service::Limits> limits;
};

/// Those of a service, but for the head of a request, 64 KiB and 100 fields,
/// and for a connection between two requests, 60 seconds.
service::Limits default_limits();

/// A door at which HTTP is spoken, for service::serve(); open to every peer
/// unless SocketSettings::allow_peer names some. Throws UsageError for what is
/// no network.
service::Door on(std::string endpoint, const DoorOptions& options = {});

/// Where a service of this protocol alone listens that is told nothing:
/// "0.0.0.0:$PORT" where that variable is set, else "127.0.0.1:8000". Throws
/// UsageError for a PORT that is none.
std::string default_endpoint();

struct Options : service::Options {
  Options() { limits = default_limits(); }

  /// An endpoint for each door; empty: the sockets that were passed, or else
  /// default_endpoint().
  std::vector<std::string> listen;
  std::vector<std::string> forwarded_allow;
  bool proxy_protocol = false;
};

/// service::serve() with doors of this protocol alone.
int serve(const Application& application, const Options& options = {});
int serve(const Loader& load, const Options& options);

}  // namespace decant::http
