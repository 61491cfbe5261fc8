// SPDX-License-Identifier: MIT
#include "decant/application/python/thread.hpp"

#include <memory>
#include <utility>

#include "decant/application/python/body.hpp"
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

thread_local Thread* hosted = nullptr;

}  // namespace

Thread& Thread::mine() {
  if (hosted != nullptr) return *hosted;
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

/// Python keeps what it made for a thread that it met, where threading
/// enumerates them, beyond the thread's end.
void leave_threading() {
  PyObject* const threading =
      PyDict_GetItemString(PyImport_GetModuleDict(), "threading");
  const Object active(threading != nullptr
                          ? PyObject_GetAttrString(threading, "_active")
                          : nullptr);
  const Object ident(PyLong_FromUnsignedLong(PyThread_get_thread_ident()));
  if (active && ident && PyDict_Check(active.get())) {
    PyDict_DelItem(active.get(), ident.get());
  }
  PyErr_Clear();
}

}  // namespace

Thread::Thread()
    : state_(PyGILState_GetThisThreadState()), is_ours_(state_ == nullptr) {
  if (is_ours_) {
    PyGILState_Ensure();
    state_ = PyEval_SaveThread();
  }
  const WithGil gil(state_);
  try {
    if (is_ours_) become_no_daemon();
    errors_ = make_errors();
    template_.emplace(errors_.get());
  } catch (const ErrorIsSet&) {
    throw Error("python: a thread could not be prepared: " + Raised().text());
  }
}

Thread::~Thread() {
  restore_thread(state_);
  spare_ = Callables();
  template_.reset();
  errors_.reset();
  if (is_ours_) {
    leave_threading();
    PyGILState_Release(PyGILState_UNLOCKED);
  } else {
    PyEval_SaveThread();
  }
}

HostedThread::HostedThread()
    : before_(std::exchange(hosted, &thread_)),
      was_forked_(exchange_forked(false)) {}

HostedThread::~HostedThread() {
  hosted = before_;
  if (was_forked_) exchange_forked(true);
}

}  // namespace decant::python
