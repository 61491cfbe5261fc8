// SPDX-License-Identifier: MIT
// What one peer or one request may take from a service.
#pragma once

#include <chrono>
#include <cstddef>

namespace decant::service {

struct Limits {
  /// Bytes of the variables of one request, and how many there may be.
  std::size_t max_params = 1 << 20;
  std::size_t max_param_count = 10000;
  /// For one blocking read or write in mid-request.
  std::chrono::seconds io_timeout{60};
  /// For the head of a request, from its first byte to its last.
  std::chrono::seconds head_timeout{30};
  /// For requests in flight once the service was told to stop.
  std::chrono::seconds grace{30};
};

}  // namespace decant::service
