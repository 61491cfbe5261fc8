// SPDX-License-Identifier: MIT
// How a loop hears that it is to stop, and by what it waits for that.
#pragma once

namespace decant::service {

/// What stands between a loop and whoever controls it. Any thread may call
/// request_stop().
class Control {
 public:
  virtual ~Control() = default;

  /// An eventfd that is written when something below has changed.
  virtual int descriptor() const noexcept = 0;
  /// Writes it again, for the next thread that waits for its edge.
  virtual void pass_on() const noexcept = 0;
  /// True once the loop is to drain and stop.
  virtual bool stop_requested() const noexcept = 0;
  virtual void request_stop() noexcept = 0;
  /// True once after each wish that the logs be opened anew, and that the
  /// application be loaded anew.
  virtual bool take_reopen() noexcept { return false; }
  virtual bool take_reload() noexcept { return false; }

  /// Blocks the thread that runs the loop, where other threads serve, until
  /// something has come.
  virtual void await() noexcept = 0;
  /// Has await() return soon.
  virtual void wake() noexcept = 0;
  /// Nothing is left to drain but what cannot be ended.
  virtual void give_up() noexcept = 0;

  /// Readable when a signal wants the thread that runs the loop; -1: nobody
  /// needs to be told.
  virtual int interruption() const noexcept { return -1; }
  /// Called on that thread when a signal may have come.
  virtual void heed_interruption() noexcept {}
  /// While it stops: who has connected and has said nothing is waited for.
  virtual bool is_patient() const noexcept { return true; }
};

/// Whether the loop that the calling thread serves for is to stop.
bool stop_requested() noexcept;

/// Makes `control` the calling thread's for stop_requested(), while it lives.
class ServesFor {
 public:
  explicit ServesFor(const Control& control) noexcept;
  ServesFor(const ServesFor&) = delete;
  ServesFor& operator=(const ServesFor&) = delete;
  ~ServesFor();

 private:
  const Control* before_;
};

}  // namespace decant::service
