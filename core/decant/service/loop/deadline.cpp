// SPDX-License-Identifier: MIT
#include "decant/service/loop/deadline.hpp"

#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <string>

#include "decant/normaliser.hpp"
#include "decant/runtime.hpp"
#include "decant/service/loop/signals.hpp"
#include "decant/text.hpp"

namespace decant::service {
namespace {

using Nanoseconds = std::int64_t;

constexpr int expiry_signal = SIGUSR2;
constexpr Nanoseconds interrupt_time = 1'000'000'000;
constexpr std::size_t most_threads = 2048;

enum class Phase { idle, before_head, head_claimed, answered };

/// What a signal handler knows of a thread that serves requests. Places are
/// never given back, since a handler may look at any of them.
struct Watch {
  std::atomic<Nanoseconds> begun{0};  // 0: no request
  std::atomic<Phase> phase{Phase::idle};
  std::atomic<Nanoseconds> expired{0};  // when it was interrupted
  std::atomic<bool> lost{false};
  std::atomic<pid_t> thread{0};
  // Of the request; read by handlers of this thread only.
  int socket = -1;
  std::string_view answer;
  std::array<char, 512> line{};
  std::size_t line_size = 0;
};

std::array<Watch, most_threads> watches;
std::atomic<std::size_t> watch_count{0};
std::atomic<bool> clock_runs{false};
std::atomic<int> lost_threads{0};
DeadlineSettings settings;
thread_local Watch* mine = nullptr;

Nanoseconds now() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<Nanoseconds>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

Nanoseconds timeout() noexcept {
  return std::chrono::nanoseconds(settings.timeout).count();
}

Watch* own_watch() noexcept {
  if (mine != nullptr) return mine;
  const std::size_t index = watch_count.fetch_add(1);
  if (index >= most_threads) return nullptr;
  mine = &watches[index];
  mine->thread = ::gettid();
  return mine;
}

/// In a handler on the thread whose time is over.
void expire(int) {
  const int saved = errno;
  Watch* const watch = mine;
  const Nanoseconds begun = watch != nullptr ? watch->begun.load() : 0;
  Nanoseconds not_yet = 0;
  // Anybody may send the signal.
  if (begun != 0 && now() - begun >= timeout() &&
      watch->expired.compare_exchange_strong(not_yet, now())) {
    Phase phase = Phase::before_head;
    if (watch->phase.compare_exchange_strong(phase, Phase::answered)) {
      // The socket does not block, and nothing was sent on it so far.
      (void)!::send(watch->socket, watch->answer.data(), watch->answer.size(),
                    MSG_NOSIGNAL | MSG_DONTWAIT);
      ::shutdown(watch->socket, SHUT_WR);
    }
    (void)!::write(STDERR_FILENO, watch->line.data(), watch->line_size);
    if (settings.in_main_thread && runtime().interrupt != nullptr) {
      runtime().interrupt();
    } else if (phase == Phase::head_claimed) {
      // Nobody else can end it: the peer sees a response that is cut.
      ::shutdown(watch->socket, SHUT_WR);
    }
  }
  errno = saved;
}

/// In a handler on the main thread. Gives the time to the next look.
std::chrono::milliseconds look() {
  constexpr Nanoseconds never = std::numeric_limits<Nanoseconds>::max();
  Nanoseconds next = never;
  // Before the watches are looked at: a request that begins afterwards finds
  // the clock at rest and starts it, so that no wake-up is lost.
  clock_runs = false;
  const Nanoseconds time = now();
  const std::size_t count = std::min(watch_count.load(), most_threads);
  for (std::size_t i = 0; i < count; ++i) {
    Watch& watch = watches[i];
    const Nanoseconds begun = watch.begun;
    if (begun == 0) continue;
    const Nanoseconds expired = watch.expired;
    const Nanoseconds due =
        expired == 0 ? begun + timeout() : expired + interrupt_time;
    if (due > time) {
      next = std::min(next, due - time);
    } else if (expired == 0) {
      ::tgkill(::getpid(), watch.thread, expiry_signal);
      next = std::min(next, interrupt_time);
    } else if (!watch.lost.exchange(true)) {
      ++lost_threads;
      if (settings.stuck != nullptr) settings.stuck(settings.context);
    }
    // Nothing but the clock hears of a stop while the main thread is lost.
    if (watch.lost && settings.in_main_thread) {
      next = std::min(next, interrupt_time);
    }
  }
  if (next == never) return std::chrono::milliseconds(0);
  clock_runs = true;
  return std::chrono::milliseconds(next / 1'000'000 + 1);
}

/// "decant: GET /x: took longer than --timeout" for a handler to write.
void prepare_line(Watch& watch, const Variables& variables) {
  const auto [method, target] = normaliser::request_line(variables);
  std::string line = "decant: ";
  append_escaped(line, method);
  line += ' ';
  append_escaped(line, target);
  line.resize(std::min(line.size(), watch.line.size() - 64));
  line += ": took longer than --timeout allows\n";
  watch.line_size = line.copy(watch.line.data(), watch.line.size());
}

}  // namespace

void set_deadlines(const DeadlineSettings& wanted) {
  settings = wanted;
  struct sigaction action {};
  action.sa_handler = expire;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  ::sigaction(expiry_signal, &action, nullptr);
  if (has_deadlines()) Signals::set_tick(look);
}

bool has_deadlines() noexcept {
  return settings.timeout.count() != 0;
}

int take_lost_threads() noexcept {
  return lost_threads.exchange(0);
}

std::size_t hopeless_requests() noexcept {
  const std::size_t count = std::min(watch_count.load(), most_threads);
  return static_cast<std::size_t>(std::count_if(
      watches.begin(), watches.begin() + static_cast<std::ptrdiff_t>(count),
      [](const Watch& watch) { return watch.lost.load(); }));
}

TimedRequest::TimedRequest(int socket, std::string_view answer,
                           const Variables& variables) noexcept {
  if (!has_deadlines()) return;
  Watch* const watch = own_watch();
  if (watch == nullptr) return;
  watch->socket = socket;
  watch->answer = answer;
  prepare_line(*watch, variables);
  watch->expired = 0;
  watch->phase = Phase::before_head;
  watch->begun = now();
  if (!clock_runs.exchange(true)) Signals::start_clock(settings.timeout);
}

TimedRequest::~TimedRequest() {
  if (mine == nullptr) return;
  mine->begun = 0;
  mine->phase = Phase::idle;
  mine->lost = false;
}

bool TimedRequest::claim_head() noexcept {
  if (mine == nullptr) return true;
  Phase phase = Phase::before_head;
  return mine->phase.compare_exchange_strong(phase, Phase::head_claimed) ||
         phase != Phase::answered;
}

bool request_timed_out() noexcept {
  return mine != nullptr && mine->phase == Phase::answered;
}

}  // namespace decant::service
