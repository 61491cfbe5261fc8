// SPDX-License-Identifier: MIT
// The signals of a process that serves requests: how it drains and stops, and
// the clock that its time-outs run by.
#pragma once

#include <signal.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "decant/service/loop/control.hpp"

namespace decant::service {

/// Installs the handlers; one object per process, made before any thread.
///
/// Alone: TERM and INT drain and stop, a second one stops now. As a worker of
/// a supervisor: TERM drains, however often it comes, and INT, which a terminal
/// sends to the supervisor too, is left to that. QUIT stops now, USR1 has the
/// logs reopened, HUP is only remembered.
class Signals final : public Control {
 public:
  struct Settings {
    /// Removed when the service stops at once.
    std::vector<std::string> files;
    /// How long requests in flight may take once the service is to stop.
    std::chrono::seconds grace{30};
    bool is_worker = false;
    /// The supervisor of a worker: without it the worker drains.
    pid_t supervisor = 0;
    /// After INT nobody is waited for who has connected and said nothing.
    bool interrupt_hurries = false;
  };

  /// Has TERM, INT, USR1 and HUP wait until somebody heeds them: for a process
  /// that can be found, by its sockets or its pid file, before it does.
  static void hold() noexcept;

  explicit Signals(Settings settings);
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals() override;

  /// From now on there are requests to be finished; before it the first TERM
  /// stops at once.
  void serving() noexcept;
  int descriptor() const noexcept override;
  void pass_on() const noexcept override;
  bool stop_requested() const noexcept override;
  bool is_patient() const noexcept override;
  /// Does what the first TERM does.
  void request_stop() noexcept override;
  /// Does what the second TERM does.
  [[noreturn]] static void end_now(int status = 0) noexcept;
  [[noreturn]] void give_up() noexcept override { end_now(); }
  /// True once after each USR1, and after each HUP.
  bool take_reopen() noexcept override;
  bool take_reload() noexcept override;

  /// What the clock calls, in a signal handler of the main thread: it may do
  /// only what signal-safety(7) allows. Gives the time until the next call; 0
  /// stops the clock.
  using Tick = std::chrono::milliseconds (*)();
  static void set_tick(Tick tick) noexcept;
  /// Has the clock call for the first time after `delay`. Signal-safe.
  static void start_clock(std::chrono::milliseconds delay) noexcept;

  /// Blocks the main thread until a signal has come or the clock has called. It
  /// is the one that the kernel gives signals to: no thread has them blocked,
  /// since what an application starts would inherit that, and none but this one
  /// waits in a call that they interrupt.
  void await() noexcept override;
  /// By the clock: a signal comes to the main thread.
  void wake() noexcept override;
};

}  // namespace decant::service
