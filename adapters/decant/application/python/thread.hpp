// SPDX-License-Identifier: MIT
// What a thread that serves Python requests keeps between them.
#pragma once

#include <optional>

#include "decant/application/python/environ.hpp"
#include "decant/application/python/request.hpp"

namespace decant::python {

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

 private:
  PyThreadState* state_;
  Object errors_;
  std::optional<EnvironTemplate> template_;
  Callables spare_;
};

}  // namespace decant::python
