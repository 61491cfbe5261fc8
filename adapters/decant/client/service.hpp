// SPDX-License-Identifier: MIT
// An application behind one of decant's own services, asked by a client of its
// protocol.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "decant/application.hpp"
#include "decant/service/door.hpp"
#include "decant/web/transport.hpp"

namespace decant::client {

/// What is spoken with a service.
struct Spoken {
  /// A door at this endpoint. At one that is `secure` the scheme of the request
  /// is believed.
  service::Door (*door)(std::string endpoint, bool secure);
  std::string (*request)(const web::Asked& asked);
  /// As read_http().
  bool (*read)(std::string_view bytes, bool to_head, web::Reply& reply);
  /// Whether https has a door of its own.
  bool has_secure_door = false;
};

/// Opens the door at a free port of 127.0.0.1 and serves there on a thread of
/// its own, until the transport is destroyed. Throws Error and
/// std::system_error.
std::shared_ptr<web::Transport> through_service(Application application,
                                                const Spoken& spoken,
                                                std::chrono::seconds timeout);

}  // namespace decant::client
