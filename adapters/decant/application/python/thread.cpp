// SPDX-License-Identifier: MIT
#include "decant/application/python/thread.hpp"

#include <memory>

#include "decant/application/python/errors.hpp"
#include "decant/application/python/failure.hpp"
#include "decant/error.hpp"

namespace decant::python {

namespace {

/// Python's main thread ends with the process, in which Python's objects stay
/// as they are: where leak checkers find them.
Thread& of_main_thread() {
  static Thread* const thread = std::make_unique<Thread>().release();
  return *thread;
}

}  // namespace

Thread& Thread::mine() {
  // A thread that serves has no Python thread state before it has its Thread;
  // the main thread has one since the interpreter started.
  thread_local const bool is_main = PyGILState_GetThisThreadState() != nullptr;
  if (is_main) return of_main_thread();
  thread_local Thread thread;
  return thread;
}

namespace {

/// What the application starts inherits whether it is a daemon, and a thread
/// that Python meets for the first time would be one.
void become_no_daemon() {
  PyObject* const threading =
      PyDict_GetItemString(PyImport_GetModuleDict(), "threading");
  const Object thread(
      threading != nullptr
          ? PyObject_CallMethod(threading, "current_thread", nullptr)
          : nullptr);
  if (thread) PyObject_SetAttrString(thread.get(), "_daemonic", Py_False);
  PyErr_Clear();
}

}  // namespace

Thread::Thread() : state_(PyGILState_GetThisThreadState()) {
  if (state_ == nullptr) {
    PyGILState_Ensure();
    state_ = PyEval_SaveThread();
  }
  const WithGil gil(state_);
  try {
    become_no_daemon();
    errors_ = make_errors();
    template_.emplace(errors_.get());
  } catch (const ErrorIsSet&) {
    throw Error("python: a thread could not be prepared: " + Raised().text());
  }
}

Thread::~Thread() {
  PyEval_RestoreThread(state_);
  spare_ = Callables();
  template_.reset();
  errors_.reset();
  PyGILState_Release(PyGILState_UNLOCKED);
}

}  // namespace decant::python
