// SPDX-License-Identifier: MIT
// The values of what proxies say of a client: X-Forwarded-For, -Proto, -Host
// and -Prefix, and their like in Forwarded (RFC 7239). What cannot be read is
// nothing.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>
#include <string_view>

namespace decant::forwarded {

/// An address as text and as the kernel has it.
struct Address {
  std::string text;
  sockaddr_storage storage{};
  const sockaddr* get() const {
    return reinterpret_cast<const sockaddr*>(&storage);
  }
};

/// Of "192.0.2.1", "192.0.2.1:80", "::1" and "[::1]:80", between quotes or not.
std::optional<Address> parse_address(std::string_view text);

/// "http" or "https".
std::string parse_scheme(std::string_view text);

/// What Host may hold.
std::string_view parse_host(std::string_view text);

/// "/app": without a slash at its end, and without a second one, which would
/// make a browser read a host in it.
std::string_view parse_prefix(std::string_view text);

/// Without the double quotes around it, if there are any.
std::string_view unquoted(std::string_view text);

}  // namespace decant::forwarded
