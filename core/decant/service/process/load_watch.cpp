// SPDX-License-Identifier: MIT
#include "decant/service/process/load_watch.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "decant/runtime.hpp"
#include "decant/service/log/log.hpp"
#include "decant/service/loop/signals.hpp"
#include "decant/service/process/worker.hpp"

namespace decant::service {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// To the first word of it; each further one comes after twice the time.
constexpr std::chrono::seconds first_word = 10s;
/// For a runtime to print its stack.
constexpr auto stack_patience = 200ms;

}  // namespace

LoadWatch::LoadWatch(std::string name, std::chrono::seconds limit)
    : name_(std::move(name)), limit_(limit), loading_(::gettid()) {
  // What is sent to this process concerns those that know what to do about it.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { watch(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

LoadWatch::~LoadWatch() {
  {
    const std::lock_guard lock(mutex_);
    loaded_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

bool LoadWatch::loaded_before(Clock::time_point time) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, time, [this] { return loaded_; });
}

void LoadWatch::watch() {
  const auto begun = Clock::now();
  for (std::chrono::seconds word = first_word;; word *= 2) {
    const bool is_last = limit_ > 0s && limit_ <= word;
    if (loaded_before(begun + (is_last ? limit_ : word))) return;
    const std::string where =
        runtime().stack_signal != 0 ? "; its stack follows" : "";
    if (is_last) {
      log(LogLevel::error, name_ + ": the application was not loaded within " +
                               std::to_string(limit_.count()) +
                               " s (--load-timeout)" + where);
      show_stack();
      if (loaded_before(Clock::now() + stack_patience)) return;
      Signals::end_now(exit_not_loaded);
    }
    log(LogLevel::warning, name_ + ": the application is still loading after " +
                               std::to_string(word.count()) + " s" + where);
    show_stack();
  }
}

void LoadWatch::show_stack() const noexcept {
  const int signal = runtime().stack_signal;
  if (signal != 0) ::tgkill(::getpid(), loading_, signal);
}

}  // namespace decant::service
