// SPDX-License-Identifier: MIT
// Ports of the loopback address.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <stdexcept>

#include "decant/descriptor.hpp"

namespace decant::test {

/// A TCP port of 127.0.0.1 that nobody uses. Somebody else may take it before
/// the caller does: be ready to try another one.
inline std::uint16_t free_port() {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket.get(), any, size) != 0 ||
      ::getsockname(socket.get(), any, &size) != 0) {
    throw std::runtime_error("test: no free port");
  }
  return ntohs(address.sin_port);
}

}  // namespace decant::test
