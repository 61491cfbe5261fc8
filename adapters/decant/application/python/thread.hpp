// SPDX-License-Identifier: MIT
// What a thread that serves Python requests keeps between them.
#pragma once

#include <functional>
#include <optional>

#include "decant/application/python/environ.hpp"
#include "decant/application/python/request.hpp"

namespace decant::python {

class Raised;

class Thread {
 public:
  /// The calling thread's, made on first use. The lock is not held. Throws
  /// Error.
  static Thread& mine();

  Thread();
  ~Thread();
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  /// Python's own state of this thread, kept while it lives: a new one for
  /// every request would cost more than the request.
  PyThreadState* state() const noexcept { return state_; }
  PyObject* errors() const noexcept { return errors_.get(); }
  EnvironTemplate& environ_template() noexcept { return *template_; }
  /// What is left of the last request for the next one.
  Callables& spare() noexcept { return spare_; }

  /// Is told of each KeyboardInterrupt that leaves the application; empty:
  /// it is an exception as any other. The lock is held.
  std::function<void(const Raised&)> on_interrupt;

 private:
  PyThreadState* state_;
  bool is_ours_;  // Python did not know the thread before
  Object errors_;
  std::optional<EnvironTemplate> template_;
  Callables spare_;
};

/// Makes the calling thread one that serves, while it lives, whatever Python
/// already has for it: in a process that is not ours. Made and destroyed
/// without the lock.
class HostedThread {
 public:
  HostedThread();
  HostedThread(const HostedThread&) = delete;
  HostedThread& operator=(const HostedThread&) = delete;
  ~HostedThread();

  Thread& thread() noexcept { return thread_; }

 private:
  Thread thread_;
  Thread* before_;
  bool was_forked_;
};

}  // namespace decant::python
