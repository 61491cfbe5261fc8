// SPDX-License-Identifier: MIT
// Signals while a thread of the user's Python serves: handlers of his run, and
// what they raise stops the service and is raised where he called it.
#pragma once

#include <functional>

#include "decant/application/python/failure.hpp"
#include "decant/application/python/object.hpp"
#include "decant/descriptor.hpp"

namespace decant::python {

/// Made and destroyed with the lock held, on the thread that serves.
class Interruption {
 public:
  /// `stop` is called, once, when something was raised. Throws
  /// std::system_error.
  explicit Interruption(std::function<void()> stop);
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  ~Interruption();

  /// Readable when a signal has come for Python's handlers; -1 where none can
  /// run, on any thread but the main one.
  int descriptor() const noexcept { return is_main_ ? read_.get() : -1; }
  /// Runs the handlers. Without the lock; from the thread that serves.
  void heed() noexcept;
  /// KeyboardInterrupt has left the application. With the lock.
  void keep(const Raised& raised) noexcept;
  /// Sets what was raised as the exception of the thread; false for nothing.
  bool raise() const noexcept;

 private:
  int set_wakeup(int descriptor) noexcept;

  std::function<void()> stop_;
  Descriptor read_;
  Descriptor write_;
  bool is_main_ = false;
  int before_ = -1;  // the descriptor that Python wrote to
  Object raised_;    // the exception
};

}  // namespace decant::python
