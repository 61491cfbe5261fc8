// SPDX-License-Identifier: MIT
#include "decant/application/python/extension/interruption.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "decant/application/python/thread.hpp"
#include "decant/service/log/log.hpp"

namespace decant::python {

Interruption::Interruption(std::function<void()> stop)
    : stop_(std::move(stop)) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe2");
  }
  read_.reset(ends[0]);
  write_.reset(ends[1]);
  before_ = set_wakeup(write_.get());
}

Interruption::~Interruption() {
  if (!is_main_) return;
  const Raised on_its_way;
  set_wakeup(before_);
  on_its_way.restore();
}

/// signal.set_wakeup_fd(): its handlers in C write there, so that no signal is
/// lost between a look for it and a wait. Only the main thread may.
int Interruption::set_wakeup(int descriptor) noexcept {
  const Object module(PyImport_ImportModule("_signal"));
  const Object function(
      module ? PyObject_GetAttrString(module.get(), "set_wakeup_fd") : nullptr);
  const Object arguments(Py_BuildValue("(i)", descriptor));
  const Object keywords(Py_BuildValue("{sO}", "warn_on_full_buffer", Py_False));
  const Object before(
      function && arguments && keywords
          ? PyObject_Call(function.get(), arguments.get(), keywords.get())
          : nullptr);
  PyErr_Clear();
  is_main_ = static_cast<bool>(before);
  return before ? static_cast<int>(PyLong_AsLong(before.get())) : -1;
}

void Interruption::heed() noexcept {
  std::array<char, 64> bytes{};
  while (::read(read_.get(), bytes.data(), bytes.size()) > 0) {
  }
  const WithGil gil(Thread::mine().state());
  if (PyErr_CheckSignals() != 0) keep(Raised());
}

void Interruption::keep(const Raised& raised) noexcept {
  if (raised_ && raised.is(PyExc_KeyboardInterrupt)) {
    // Whoever presses Ctrl-C again does not want to wait for what goes on.
    service::log(service::LogLevel::warning,
                 "interrupted again: requests in flight are cut off");
    ::signal(SIGINT, SIG_DFL);
    ::raise(SIGINT);
  }
  raised_ = Object::borrowed(raised.value());
  stop_();
}

bool Interruption::raise() const noexcept {
  if (!raised_) return false;
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(raised_.get())),
                  raised_.get());
  return true;
}

}  // namespace decant::python
