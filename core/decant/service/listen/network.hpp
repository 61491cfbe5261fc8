// SPDX-License-Identifier: MIT
// Which peers may be served: addresses and ranges of them.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace decant::service {

/// A range of addresses in CIDR form: "10.0.0.0/8", "fd00::/8", "192.0.2.1".
class Network {
 public:
  /// Throws UsageError.
  static Network parse(std::string_view text);
  /// True for an address inside; an IPv4-mapped IPv6 address counts as IPv4,
  /// so that ::/0 holds every IPv6 address and no IPv4 one.
  bool contains(const sockaddr* address) const noexcept;

 private:
  std::array<std::uint8_t, 16> bits_{};  // IPv4 as ::ffff:a.b.c.d
  unsigned prefix_ = 128;
};

/// 127.0.0.0/8 (RFC 1122 section 3.2.1.3) and ::1 (RFC 4291 section 2.5.3).
bool is_loopback(const sockaddr* address) noexcept;

}  // namespace decant::service
