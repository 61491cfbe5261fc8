// SPDX-License-Identifier: MIT
#include "decant/server/warm/caller_watch.hpp"

#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string_view>

#include "decant/exit_status.hpp"
#include "decant/service/loop/signals.hpp"

namespace decant::warm {
namespace {

using service::Signals;

// Rarely, since a system call of the application's may be interrupted by it.
constexpr time_t interval = 5;

std::atomic<int> watched{-1};
std::atomic<bool> was_gone{false};  // when it was looked last
std::atomic<bool> clock_runs{false};
timer_t timer{};

/// Not ALRM, which an application may use for itself.
int tick_signal() noexcept {
  return SIGRTMAX - 1;
}

void set_timer() noexcept {
  itimerspec when{};
  when.it_value.tv_sec = interval;
  ::timer_settime(timer, 0, &when, nullptr);
}

/// In the handler.
void look_for_caller() noexcept {
  pollfd caller{watched, 0, 0};
  if (::poll(&caller, 1, 0) <= 0 || !was_gone.exchange(true)) return;
  constexpr std::string_view line =
      "decant: cgi: the warm worker ends: nobody waits for its request\n";
  pollfd errors{STDERR_FILENO, POLLOUT, 0};  // nothing else may wait
  if (::poll(&errors, 1, 0) > 0) {
    (void)!::write(STDERR_FILENO, line.data(), line.size());
  }
  Signals::end_now(exit_failed);
}

void tick(int) {
  const int saved = errno;
  if (watched < 0) {
    clock_runs = false;
  } else {
    look_for_caller();
    set_timer();
  }
  errno = saved;
}

/// A timer whose signal comes to this thread; false when there can be none.
bool make_timer() noexcept {
  struct sigaction action {};
  action.sa_handler = tick;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  sigevent expiry{};
  expiry.sigev_notify = SIGEV_THREAD_ID;
  expiry.sigev_signo = tick_signal();
  expiry._sigev_un._tid = ::gettid();
  return ::sigaction(tick_signal(), &action, nullptr) == 0 &&
         ::timer_create(CLOCK_MONOTONIC, &expiry, &timer) == 0;
}

}  // namespace

CallerWatch::CallerWatch(int connection) noexcept {
  was_gone = false;
  watched = connection;
  static const bool has_timer = make_timer();
  if (has_timer && !clock_runs.exchange(true)) set_timer();
}

CallerWatch::~CallerWatch() {
  watched = -1;
}

}  // namespace decant::warm
