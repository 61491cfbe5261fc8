// SPDX-License-Identifier: MIT
// A request written and an answer read at the same time.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace decant::client {

using Clock = std::chrono::steady_clock;

/// What is talked over; borrowed.
struct Line {
  int socket;
  /// Read to its end too, where a process writes its standard error; -1: none.
  int errors = -1;
  /// Readable once that process has ended; -1: none. Then nobody waits for the
  /// end of `errors`, which a process may have left to others.
  int process = -1;
};

struct Heard {
  std::string answer;
  std::string errors;
};

/// Writes `request` and reads until the peer has closed. With `half_closes` it
/// is told where the request ends. A peer that does not take all of it, or
/// resets the connection, has said what it has to say. Throws Error when it is
/// not over by `end`, and std::system_error.
Heard converse(const Line& line, std::string_view request, bool half_closes,
               Clock::time_point end);

}  // namespace decant::client
