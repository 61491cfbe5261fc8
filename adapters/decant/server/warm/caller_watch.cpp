// SPDX-License-Identifier: MIT
#include "decant/server/warm/caller_watch.hpp"

#include <poll.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string_view>

#include "decant/exit_status.hpp"
#include "decant/service/loop/signals.hpp"

namespace decant::warm {
namespace {

using service::Signals;

// Rarely, since a system call of the application's may be interrupted by it.
constexpr std::chrono::seconds interval{5};

std::atomic<int> watched{-1};
std::atomic<time_t> gone_since{0};  // 0: the caller is there
std::atomic<bool> clock_runs{false};

time_t now() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec;
}

/// In a handler on the main thread.
std::chrono::milliseconds look() {
  if (watched < 0) {
    clock_runs = false;
    return std::chrono::milliseconds(0);
  }
  pollfd poll{watched, 0, 0};
  if (::poll(&poll, 1, 0) > 0) {
    if (gone_since == 0) {
      gone_since = now();
    } else if (now() - gone_since >= interval.count()) {
      constexpr std::string_view line =
          "decant: cgi: the warm worker ends: nobody waits for its request\n";
      (void)!::write(STDERR_FILENO, line.data(), line.size());
      Signals::end_now(exit_failed);
    }
  }
  return interval;
}

}  // namespace

CallerWatch::CallerWatch(int connection) noexcept {
  gone_since = 0;
  watched = connection;
  if (clock_runs.exchange(true)) return;
  Signals::set_tick(look);
  Signals::start_clock(interval);
}

CallerWatch::~CallerWatch() {
  watched = -1;
}

}  // namespace decant::warm
