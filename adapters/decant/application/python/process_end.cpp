// SPDX-License-Identifier: MIT
#include "decant/application/python/process_end.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "decant/application/python/embedded_code.hpp"
#include "decant/application/python/failure.hpp"
#include "decant/application/python/interpreter.hpp"
#include "decant/application/python/object.hpp"
#include "decant/service/log/log.hpp"

namespace decant::python {
namespace {

using namespace std::chrono_literals;

std::chrono::seconds exit_grace{};
bool finished = false;

/// Borrowed; null when nobody has imported it.
PyObject* imported(const char* name) {
  return PyDict_GetItemString(PyImport_GetModuleDict(), name);
}

/// The names of the threads that Python waits for: "Thread-1 (work), pool_0".
std::string names_of_threads() {
  constexpr const char* code = R"(
import threading
names = ', '.join(thread.name for thread in threading.enumerate()
                  if thread.is_alive() and not thread.daemon
                  and thread is not threading.main_thread()
                  and not isinstance(thread, threading._DummyThread))
)";
  std::string names;
  try {
    const Object globals = run_embedded(code);
    PyObject* const text = PyDict_GetItemString(globals.get(), "names");
    if (text != nullptr) names = to_utf8(text);
  } catch (const ErrorIsSet&) {  // the threads have no names then
  }
  PyErr_Clear();
  return names;
}

/// Ends the process with `status` when its threads take longer than the grace.
class Watchdog {
 public:
  explicit Watchdog(int status) : state_(std::make_shared<State>()) {
    std::thread([state = state_, status] {
      if (state->is_done_within(exit_grace)) return;
      // What holds the lock for ever does not hold up the end.
      std::thread([state, status] {
        if (!state->is_done_within(1s)) end(status, "");
      }).detach();
      PyGILState_Ensure();
      end(status, names_of_threads());
    }).detach();
  }
  ~Watchdog() {
    const std::lock_guard lock(state_->mutex);
    state_->done = true;
    state_->ended.notify_all();
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  struct State {
    bool is_done_within(std::chrono::seconds time) {
      std::unique_lock lock(mutex);
      return ended.wait_for(lock, time, [this] { return done; });
    }
    std::mutex mutex;
    std::condition_variable ended;
    bool done = false;
  };

  [[noreturn]] static void end(int status, const std::string& names) {
    service::log(service::LogLevel::warning,
                 "python: threads of the application did not end within " +
                     std::to_string(exit_grace.count()) +
                     " s (--grace) and were cut off" +
                     (names.empty() ? "" : ": " + names));
    ::_exit(status);
  }

  std::shared_ptr<State> state_;
};

/// What a module does when Python ends.
void call_at_exit(const char* module, const char* function) {
  PyObject* const there = imported(module);
  if (there == nullptr) return;
  const Object result(PyObject_CallMethod(there, function, nullptr));
  if (!result) PyErr_WriteUnraisable(there);
}

/// exit(3) has destroyed what libraries keep for the thread, and greenlets
/// crash without it.
void at_exit(int status, void*) {
  PyThreadState* const state = PyGILState_GetThisThreadState();
  if (finished || state == nullptr) return;
  if (PyGILState_Check() == 0) PyEval_RestoreThread(state);
  if (imported("greenlet") == nullptr) finish_process(status);
}

}  // namespace

void finish_process(int status) noexcept {
  PyThreadState* const state = PyGILState_GetThisThreadState();
  // A thread that Python does not know has nothing to wait for.
  if (state == nullptr || std::exchange(finished, true)) return;
  if (PyGILState_Check() == 0) PyEval_RestoreThread(state);
  std::optional<Watchdog> watchdog;
  if (imported("threading") != nullptr) watchdog.emplace(status);
  call_at_exit("threading", "_shutdown");
  call_at_exit("atexit", "_run_exitfuncs");
  flush_standard_streams();
}

void prepare_process_end(std::chrono::seconds grace) {
  exit_grace = grace;
  ::on_exit(at_exit, nullptr);
}

}  // namespace decant::python
