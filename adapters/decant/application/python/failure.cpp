// SPDX-License-Identifier: MIT
#include "decant/application/python/failure.hpp"

#include "decant/application/python/thread.hpp"
#include "decant/application/python/trace.hpp"
#include "decant/error.hpp"

namespace decant::python {

std::string to_utf8(PyObject* text) {
  Py_ssize_t size = 0;
  if (const char* const utf8 = PyUnicode_AsUTF8AndSize(text, &size)) {
    return std::string(utf8, static_cast<std::size_t>(size));
  }
  PyErr_Clear();
  const Object bytes(
      PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace"));
  if (bytes) return std::string(bytes_view(bytes.get()));
  PyErr_Clear();
  return "?";
}

namespace {

void set_exception(const Object& type, const Object& value,
                   const Object& traceback) {
  PyErr_Restore(Object::borrowed(type.get()).release(),
                Object::borrowed(value.get()).release(),
                Object::borrowed(traceback.get()).release());
}

}  // namespace

void PythonException::restore() const noexcept {
  set_exception(type_, value_, traceback_);
}

void Raised::restore() const noexcept {
  set_exception(type_, value_, traceback_);
}

Raised::Raised() {
  PyObject* type = nullptr;
  PyObject* value = nullptr;
  PyObject* traceback = nullptr;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  if (value != nullptr && traceback != nullptr) {
    PyException_SetTraceback(value, traceback);
  }
  type_ = Object(type);
  value_ = Object(value);
  traceback_ = Object(traceback);
}

std::string Raised::text() const {
  std::string text = type_
                         ? reinterpret_cast<PyTypeObject*>(type_.get())->tp_name
                         : "an unknown exception";
  const Object message(value_ ? PyObject_Str(value_.get()) : nullptr);
  if (message && PyUnicode_GET_LENGTH(message.get()) > 0) {
    text += ": " + to_utf8(message.get());
  }
  PyErr_Clear();
  return text;
}

std::string Raised::traceback() const {
  // At the first failure only: importing costs milliseconds.
  const Object module(PyImport_ImportModule("traceback"));
  const Object lines(
      module && value_
          ? PyObject_CallMethod(module.get(), "format_exception", "OOO",
                                type_.get(), value_.get(),
                                traceback_ ? traceback_.get() : Py_None)
          : nullptr);
  const Object empty(PyUnicode_FromStringAndSize(nullptr, 0));
  const Object whole(lines ? PyUnicode_Join(empty.get(), lines.get())
                           : nullptr);
  PyErr_Clear();
  return whole ? to_utf8(whole.get()) : text() + '\n';
}

namespace {

/// What the gateway threw, when it is that; for whoever develops with the way
/// to where it was called.
void rethrow(const Request& request, const Raised& raised) {
  try {
    request.rethrow(raised.value());
  } catch (const ApplicationError& error) {
    if (!is_tracing()) throw;
    request.env().errors().write(raised.traceback());
    throw TracedError(error.what(), traces_of(raised));
  }
}

}  // namespace

void throw_current(Request& request) {
  const Raised raised;
  if (raised.value() != nullptr) rethrow(request, raised);
  if (raised.is(PyExc_KeyboardInterrupt) && Thread::mine().on_interrupt) {
    Thread::mine().on_interrupt(raised);
  }
  ErrorStream& errors = request.env().errors();
  errors.flush();
  errors.write(raised.traceback());
  const std::string text = "python: " + raised.text();
  if (is_tracing()) throw TracedError(text, traces_of(raised));
  throw Error(text);
}

}  // namespace decant::python
