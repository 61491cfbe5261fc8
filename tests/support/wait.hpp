// SPDX-License-Identifier: MIT
// Waiting with an end: nothing in a test takes longer than it is given.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>

namespace decant::test {

using Milliseconds = std::chrono::milliseconds;

/// What may take a moment on a busy machine, under a sanitizer.
inline constexpr Milliseconds patience{20'000};

/// The moment at which a wait has failed.
class Deadline {
 public:
  explicit Deadline(Milliseconds limit) : end_(Clock::now() + limit) {}

  /// As poll(2) takes it: 0 once it has passed.
  int left() const {
    const auto left =
        std::chrono::ceil<Milliseconds>(end_ - Clock::now()).count();
    return static_cast<int>(std::max<Milliseconds::rep>(left, 0));
  }
  bool passed() const { return left() == 0; }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point end_;
};

/// Asks `condition` until it gives true, which is what it gives then, or until
/// `limit` has passed. For what cannot be polled as a descriptor.
inline bool wait_until(const std::function<bool()>& condition,
                       Milliseconds limit = patience) {
  const Deadline deadline(limit);
  for (Milliseconds pause{1};; pause = std::min(pause * 2, Milliseconds(50))) {
    if (condition()) return true;
    if (deadline.passed()) return false;
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace decant::test
