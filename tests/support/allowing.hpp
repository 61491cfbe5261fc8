// SPDX-License-Identifier: MIT
// Sockets that serve some networks beyond loopback.
#pragma once

#include <initializer_list>

#include "decant/service/listen/listener.hpp"

namespace decant::test {

inline service::SocketSettings allowing(
    std::initializer_list<const char*> networks) {
  service::SocketSettings settings;
  for (const char* const text : networks) {
    settings.allow_peer.push_back(service::Network::parse(text));
  }
  return settings;
}

}  // namespace decant::test
