// SPDX-License-Identifier: MIT
// Where a service listens, as it is written on the command line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace decant::service {

/// An endpoint as it is written on the command line.
struct Endpoint {
  enum class Kind { unix_path, tcp, descriptor };
  Kind kind;
  std::string host;  ///< a path, or a numeric address or host name for tcp
  std::uint16_t port = 0;
  int descriptor = -1;

  /// "unix:/run/x.sock", "HOST:PORT", "[::1]:PORT" or "fd:N". Throws
  /// UsageError with the forms there are.
  static Endpoint parse(std::string_view text);
  /// The same, as parse() takes it.
  std::string text() const;
};

/// "127.0.0.1:9000", "[::1]:9000"
std::string host_and_port(const std::string& host, std::string_view port);

}  // namespace decant::service
