// SPDX-License-Identifier: MIT
#include "decant/application/python/thread.hpp"

#include "decant/application/python/errors.hpp"
#include "decant/application/python/failure.hpp"
#include "decant/error.hpp"

namespace decant::python {

Thread& Thread::mine() {
  thread_local Thread thread;
  return thread;
}

Thread::Thread() : state_(PyGILState_GetThisThreadState()), is_ours_(!state_) {
  if (is_ours_) {
    PyGILState_Ensure();
    state_ = PyEval_SaveThread();
  }
  const WithGil gil(state_);
  try {
    errors_ = make_errors();
    template_.emplace(errors_.get());
  } catch (const ErrorIsSet&) {
    throw Error("python: a thread could not be prepared: " + Raised().text());
  }
}

Thread::~Thread() {
  if (!is_ours_) {  // Python's main thread: the process is at its end
    (void)errors_.release();
    template_->abandon();
    spare_.abandon();
    return;
  }
  PyEval_RestoreThread(state_);
  spare_ = Callables();
  template_.reset();
  errors_.reset();
  PyGILState_Release(PyGILState_UNLOCKED);
}

}  // namespace decant::python
