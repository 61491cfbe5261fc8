// SPDX-License-Identifier: MIT
// --idle-exit: whether the service has been without a request for too long.
#pragma once

#include <chrono>
#include <cstdint>

#include "decant/service/status/scoreboard.hpp"

namespace decant::service {

class IdleWatch {
 public:
  /// Borrows `board`. `limit` 0: no time is too long.
  IdleWatch(const Scoreboard& board, std::chrono::seconds limit)
      : board_(board), limit_(limit) {}

  /// Looks at the scoreboard; the time counts from the last look that found
  /// something new.
  bool is_over();
  /// Has the time begin anew.
  void restart() { since_ = Clock::now(); }

 private:
  using Clock = std::chrono::steady_clock;

  const Scoreboard& board_;
  const std::chrono::seconds limit_;
  std::uint64_t requests_ = 0;
  Clock::time_point since_ = Clock::now();
};

}  // namespace decant::service
