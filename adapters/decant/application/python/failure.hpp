// SPDX-License-Identifier: MIT
// Exceptions on their way between Python and C++.
#pragma once

#include <exception>
#include <string>

#include "decant/application/python/object.hpp"
#include "decant/application/python/request.hpp"
#include "decant/streams.hpp"

namespace decant::python {

/// exc_info as a C++ exception: what start_response is given and may throw
/// again. Made, copied and destroyed with the lock held.
class PythonException final : public std::exception {
 public:
  PythonException(PyObject* type, PyObject* value, PyObject* traceback)
      : type_(Object::borrowed(type)),
        value_(Object::borrowed(value)),
        traceback_(Object::borrowed(traceback)) {}
  PythonException(const PythonException& other)
      : PythonException(other.type_.get(), other.value_.get(),
                        other.traceback_.get()) {}
  PythonException& operator=(const PythonException&) = delete;

  /// Sets it as the current exception of the thread.
  void restore() const noexcept;
  const char* what() const noexcept override {
    return "the exception that exc_info held";
  }

 private:
  Object type_;
  Object value_;
  Object traceback_;
};

/// The exception that the thread has set, taken from it and made whole.
class Raised {
 public:
  Raised();
  PyObject* value() const noexcept { return value_.get(); }
  /// Sets it again.
  void restore() const noexcept;
  /// "ZeroDivisionError: division by zero"
  std::string text() const;
  /// The traceback as Python prints it, lines ended by newlines.
  std::string traceback() const;
  bool is(PyObject* type) const noexcept {
    return PyErr_GivenExceptionMatches(type_.get(), type) != 0;
  }

 private:
  Object type_;
  Object value_;
  Object traceback_;
};

/// Throws what the exception that is set comes to: what the gateway's own
/// streams threw when it came from there, else, with its traceback written to
/// wsgi.errors, an Error.
[[noreturn]] void throw_current(Request& request);

/// Text of a str; surrogates are escaped as \udc80.
std::string to_utf8(PyObject* text);

}  // namespace decant::python
