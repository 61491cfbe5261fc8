// SPDX-License-Identifier: MIT
#include "decant/service/loop/turns.hpp"

#include <pthread.h>

#include <chrono>

namespace decant::service {
namespace {

constexpr std::chrono::milliseconds interval{1};
/// A thread that used less of an interval than this is not computing.
constexpr std::int64_t least_computing = 300'000;  // nanoseconds
/// After so many intervals without a request nobody watches until the next.
constexpr int idle_intervals = 20;

std::int64_t processor_time(clockid_t clock) noexcept {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

Turns::Turn Turns::next(Turn turn, Turn holder) noexcept {
  constexpr Turn count_mask = (Turn{1} << holder_shift) - count_step;
  return ((turn + count_step) & count_mask) | (holder << holder_shift);
}

/// False when the turn is no longer as it was seen.
bool Turns::take(Turn seen, Turn me, Turn& mine) noexcept {
  mine = next(seen, me);
  return turn_.compare_exchange_strong(seen, mine);
}

std::optional<Turns::Turn> Turns::await(int me) {
  std::unique_lock lock(mutex_);
  const auto index = static_cast<std::size_t>(me);
  if (clocks_.size() <= index) clocks_.resize(index + 1);
  ::pthread_getcpuclockid(::pthread_self(), &clocks_[index]);
  Turn mine = 0;
  while (!stopped_) {
    const Turn turn = turn_;
    if (holder(turn) == holder(nobody)) {
      if (take(turn, index, mine)) return mine;
    } else if (!watched_) {
      watched_ = true;
      const bool taken = watch(lock, index, mine);
      watched_ = false;
      waiting_.notify_one();
      if (taken) return mine;
    } else {
      waiting_.wait(lock);
    }
  }
  return std::nullopt;
}

/// Looks every millisecond whether the thread that has the turn waits. True
/// when the turn was taken.
bool Turns::watch(std::unique_lock<std::mutex>& lock, Turn me, Turn& mine) {
  Turn seen =
      nobody;  // the turn at the look before; at the first there is none
  std::int64_t used = 0;
  int idle = 0;
  while (!stopped_) {
    const Turn turn = turn_;
    const clockid_t clock = clocks_[holder(turn)];
    if ((turn & serving) == 0) {
      idle = turn == seen ? idle + 1 : 0;
      if (idle >= idle_intervals) {
        asleep_ = true;
        // begin() looks at it after it has written the turn.
        watching_.wait(lock, [&] { return turn_ != turn || stopped_; });
        asleep_ = false;
        idle = 0;
        continue;
      }
    } else {
      idle = 0;
      const std::int64_t time = processor_time(clock);
      if (turn == seen && time - used < least_computing &&
          take(turn, me, mine)) {
        return true;
      }
      used = time;
    }
    seen = turn;
    watching_.wait_for(lock, interval);
  }
  return false;
}

void Turns::begin(Turn& mine) noexcept {
  mine = next(mine, holder(mine)) | serving;
  turn_ = mine;
  if (asleep_) {
    const std::lock_guard lock(mutex_);
    watching_.notify_one();
  }
}

bool Turns::end(Turn& mine) noexcept {
  const Turn done = mine - serving;
  if (!turn_.compare_exchange_strong(mine, done)) return false;
  mine = done;
  return true;
}

void Turns::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  waiting_.notify_all();
  watching_.notify_all();
}

}  // namespace decant::service
