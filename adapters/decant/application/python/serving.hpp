// SPDX-License-Identifier: MIT
// One request in Python's hands, from the call of the application to the
// close() of its body.
#pragma once

#include "decant/application/python/thread.hpp"

namespace decant::python {

/// Made, used and destroyed with the lock held; while it is left without the
/// lock, leave() has been called.
class Serving {
 public:
  /// Borrows `env` until it is destroyed. Throws ErrorIsSet.
  Serving(Thread& thread, Environ& env, const StartResponse& start_response);
  Serving(Serving&& other) noexcept = default;
  Serving& operator=(Serving&&) = delete;
  ~Serving();

  Thread& thread() const noexcept { return *thread_; }
  Request& request() const noexcept { return request_of(callables_.input()); }
  PyObject* input() const noexcept { return callables_.input(); }
  PyObject* start_response() const noexcept {
    return callables_.start_response();
  }

  void enter() noexcept;
  /// Waits, without the lock, for other threads that use the request.
  void leave() noexcept;

 private:
  Thread* thread_;
  Callables callables_;
};

}  // namespace decant::python
