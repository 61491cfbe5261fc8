// SPDX-License-Identifier: MIT
// One request as Python sees it: the object that is wsgi.input and stands
// behind start_response and write.
#pragma once

#include <atomic>
#include <exception>
#include <optional>

#include "decant/application.hpp"
#include "decant/application/python/object.hpp"

namespace decant::python {

/// The state behind the Python object. It outlives the exchange when the
/// application keeps the object; every use after the end is refused.
class Request {
 public:
  /// Borrows `env` until end().
  void begin(Environ& env, const StartResponse& start_response) {
    env_ = &env;
    start_response_ = start_response;
    inside_ = true;
  }
  /// The request has ended: forgets everything of it.
  void end() noexcept;

  /// The thread of the request goes back to the gateway; from here on until
  /// enter() no other thread may use what the request has. Waits for one that
  /// is reading or writing, without the lock.
  void leave() noexcept;
  void enter() noexcept { inside_ = true; }

  Environ& env() const noexcept { return *env_; }
  bool ended() const noexcept { return env_ == nullptr; }
  /// Python runs for this request, or waits in it.
  bool is_inside() const noexcept { return inside_; }
  /// A thread reads or writes without the lock.
  bool is_busy() const noexcept { return busy_; }

  /// Sets an exception and gives false unless the streams and start_response
  /// may be used now, from this thread.
  bool may_use(const char* who) const;

  /// While a thread reads or writes without the lock, no second one may.
  class Busy {
   public:
    explicit Busy(Request& request) : request_(request) {
      request_.busy_ = true;
    }
    ~Busy() {
      request_.busy_ = false;
      request_.busy_.notify_all();
    }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

   private:
    Request& request_;
  };

  /// Announces the response. The caller holds `headers` no longer.
  void start(std::string_view status, Headers headers,
             std::exception_ptr error) {
    write_ = (*start_response_)(status, std::move(headers), std::move(error));
  }
  const std::optional<Write>& write() const noexcept { return write_; }
  /// A call of start_response whose arguments were refused here; the gateway
  /// refuses others. Either way a further call needs exc_info.
  void refuse_start() noexcept { start_refused_ = true; }
  bool start_refused() const noexcept { return start_refused_; }
  /// What start_response gives back, borrowed from Callables.
  PyObject* write_function = nullptr;

  /// Sets the Python exception that the C++ one being handled comes to, and
  /// remembers it: rethrow() takes it back when it leaves the application.
  void raise_current();
  /// Throws the C++ exception that `error` came from, or returns when it came
  /// from Python.
  void rethrow(PyObject* error) const;

 private:
  Object raise_as(PyObject* type, const char* text);
  void raise_from_current(PyObject* type, const char* text);

  Environ* env_ = nullptr;
  std::optional<StartResponse> start_response_;
  std::optional<Write> write_;
  Object raised_;
  std::exception_ptr raised_from_;
  std::atomic<bool> busy_ = false;
  bool inside_ = false;
  bool start_refused_ = false;
};

/// The Python object around it.
struct RequestObject {
  PyObject_HEAD Request request;
};

inline Request& request_of(PyObject* object) noexcept {
  return reinterpret_cast<RequestObject*>(object)->request;
}

/// A request object and the two functions that belong to it, used again for
/// the next request of the same thread unless the application kept one of them.
class Callables {
 public:
  /// Makes new objects where there are none. Throws ErrorIsSet.
  void prepare();
  explicit operator bool() const noexcept { return static_cast<bool>(input_); }
  /// True when nobody else has one of them. `others` is the number of
  /// references to input() that are accounted for.
  bool is_free(Py_ssize_t others) const noexcept;

  PyObject* input() const noexcept { return input_.get(); }
  PyObject* start_response() const noexcept { return start_response_.get(); }

 private:
  Object input_;
  Object start_response_;
  Object write_;
};

/// Makes the types; once. Throws ErrorIsSet.
void prepare_request_type();

// The methods, each in the file of its subject.
extern PyMethodDef start_response_method;
extern PyMethodDef write_method;
extern PyMethodDef input_methods[];
PyObject* next_line(PyObject* self);

}  // namespace decant::python
