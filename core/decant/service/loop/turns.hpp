// SPDX-License-Identifier: MIT
// Threads that take turns, as leader and followers: one serves, and another
// steps in when it waits.
#pragma once

#include <time.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

namespace decant::service {

/// Where only one thread can compute at a time, as under Python's lock, two
/// that are busy are slower than one. So one thread has the turn and serves;
/// when it has used no processor for about a millisecond in the middle of a
/// request, it waits for something else, and another thread takes the turn.
class Turns {
 public:
  /// The turn as the thread has it that got it.
  using Turn = std::uint64_t;

  /// Blocks until the calling thread has the turn, which it takes from one
  /// that waits. `me` counts the threads from 0. No value once stop() was
  /// called.
  std::optional<Turn> await(int me);
  /// The thread that has the turn begins with something that may wait.
  void begin(Turn& mine) noexcept;
  /// It is done with it. False when another thread has taken the turn.
  bool end(Turn& mine) noexcept;
  /// The thread that has the turn gives it up for good.
  void stop();

 private:
  // Who has it, a count that changes with every begin() and every change of
  // hands, and whether the thread serves or waits for events.
  static constexpr Turn serving = 1;
  static constexpr Turn count_step = 2;
  static constexpr int holder_shift = 48;
  static constexpr Turn nobody = Turn{0xffff} << holder_shift;

  static Turn holder(Turn turn) noexcept { return turn >> holder_shift; }
  static Turn next(Turn turn, Turn holder) noexcept;
  bool take(Turn seen, Turn me, Turn& mine) noexcept;
  bool watch(std::unique_lock<std::mutex>& lock, Turn me, Turn& mine);

  std::atomic<Turn> turn_{nobody};
  std::atomic<bool> asleep_{false};
  std::mutex mutex_;
  std::condition_variable waiting_;   // those that do not watch
  std::condition_variable watching_;  // the one that does
  bool watched_ = false;
  bool stopped_ = false;
  std::vector<clockid_t> clocks_;  // of the processor time of each thread
};

}  // namespace decant::service
