// SPDX-License-Identifier: MIT
#include "decant/application/python/extension/request_log.hpp"

#include <unistd.h>

#include <chrono>
#include <string>

#include "decant/application/python/failure.hpp"
#include "decant/application/python/thread.hpp"
#include "decant/normaliser.hpp"
#include "decant/service/log/log.hpp"
#include "decant/service/request/access_log.hpp"

namespace decant::python {
namespace {

using detail::known;
using service::RequestRecord;

class LineLog final : public service::Observer {
 public:
  void begin(const RequestRecord&) noexcept override {}
  void end(const RequestRecord& record) noexcept override {
    using std::chrono::system_clock;
    try {
      line_.clear();
      append_access_line(
          line_, service::AccessFormat::common, record,
          system_clock::now() -
              std::chrono::duration_cast<system_clock::duration>(record.taken));
      service::write_lines(STDERR_FILENO, line_);
    } catch (...) {  // no memory for a line
    }
  }

 private:
  std::string line_;
};

/// Python learns of a request when it has ended.
class CallLog final : public service::Observer {
 public:
  explicit CallLog(PyObject* callable) : callable_(callable) {}

  void begin(const RequestRecord&) noexcept override {}
  void end(const RequestRecord& record) noexcept override {
    const WithGil gil(Thread::mine().state());
    try {
      tell(record);
    } catch (const ErrorIsSet&) {
      const Raised raised;
      if (raised.is(PyExc_KeyboardInterrupt) && Thread::mine().on_interrupt) {
        Thread::mine().on_interrupt(raised);
        return;
      }
      raised.restore();
      PyErr_WriteUnraisable(callable_);
    }
  }

 private:
  void tell(const RequestRecord& record) const {
    const Variables& variables = record.variables;
    const auto [method, target] = normaliser::request_line(variables);
    std::string line(method);
    line.append(" ").append(target).append(" ").append(
        variables.first(known("SERVER_PROTOCOL")));
    const Object address =
        checked(from_latin1(variables.first(known("REMOTE_ADDR"))));
    const Object port =
        checked(from_latin1(variables.first(known("REMOTE_PORT"))));
    const Object request = checked(from_latin1(line));
    const Object result = checked(resting_at_the_end([&] {
      return PyObject_CallFunction(
          callable_, "OOOiK", address.get(), port.get(), request.get(),
          record.status, static_cast<unsigned long long>(record.bytes_sent));
    }));
  }

  PyObject* callable_;
};

}  // namespace

std::function<std::unique_ptr<service::Observer>()> make_request_log(
    PyObject* log) {
  if (log == Py_None) return {};
  if (log == Py_True) return [] { return std::make_unique<LineLog>(); };
  if (PyCallable_Check(log) == 0) {
    PyErr_SetString(PyExc_TypeError, "decant: log is None, True or a callable");
    throw ErrorIsSet{};
  }
  return [log] { return std::make_unique<CallLog>(log); };
}

}  // namespace decant::python
