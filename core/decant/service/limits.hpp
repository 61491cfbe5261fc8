// SPDX-License-Identifier: MIT
// What one peer or one request may take from a service.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace decant::service {

struct Limits {
  /// Bytes of the variables of one request, and how many there may be.
  std::size_t max_params = 1 << 20;
  std::size_t max_param_count = 10000;
  /// For a request, from its head to its end; 0: as long as it takes.
  std::chrono::seconds timeout{0};
  /// For one blocking read or write in mid-request.
  std::chrono::seconds io_timeout{60};
  /// For the head of a request, from its first byte to its last: a peer that
  /// sends it byte by byte (slow loris) holds a connection no longer.
  std::chrono::seconds head_timeout{30};
  /// Of a request body, read before the application is called; 0: none.
  std::uint64_t spool = 0;
  /// For a connection between two requests; 0: it may stay for ever.
  std::chrono::seconds idle_timeout{0};
  /// Connections of one process; requests on further ones are answered with
  /// 503. 0: as many as come.
  std::size_t max_connections = 0;
  /// For requests in flight once the service was told to stop.
  std::chrono::seconds grace{30};
};

}  // namespace decant::service
