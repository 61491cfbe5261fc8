// SPDX-License-Identifier: MIT
#include "decant/application/python/request.hpp"

#include <new>

#include "decant/application/python/failure.hpp"
#include "decant/error.hpp"

namespace decant::python {
namespace {

PyTypeObject* request_type = nullptr;

void deallocate(PyObject* self) {
  PyTypeObject* const type = Py_TYPE(self);
  request_of(self).~Request();
  type->tp_free(self);
  Py_DECREF(type);
}

Object make_request() {
  Object object = checked(request_type->tp_alloc(request_type, 0));
  new (&request_of(object.get())) Request();
  return object;
}

}  // namespace

void Request::end() noexcept {
  env_ = nullptr;
  inside_ = start_refused_ = false;
  start_response_.reset();
  write_.reset();
  raised_.reset();
  raised_from_ = nullptr;
}

void Request::leave() noexcept {
  inside_ = false;  // first, or a thread that reads on and on is waited for
  while (busy_) {
    const WithoutGil released;
    busy_.wait(true);
  }
}

bool Request::may_use(const char* who) const {
  if (ended()) {
    PyErr_Format(PyExc_AssertionError,
                 "%s: called after the request has ended; keep nothing of a "
                 "request beyond its close()",
                 who);
    return false;
  }
  if (!inside_ || busy_) {
    PyErr_Format(PyExc_RuntimeError,
                 "%s: called while another thread serves this request; use a "
                 "request from one thread at a time",
                 who);
    return false;
  }
  return true;
}

/// A text may quote bytes of a header, which are latin-1.
Object Request::raise_as(PyObject* type, const char* text) {
  Object message(PyUnicode_FromString(text));
  if (!message && PyErr_ExceptionMatches(PyExc_UnicodeDecodeError) != 0) {
    PyErr_Clear();
    message = Object(from_latin1(text));
  }
  Object raised(message ? PyObject_CallOneArg(type, message.get()) : nullptr);
  if (raised) PyErr_SetObject(type, raised.get());
  return raised;
}

void Request::raise_from_current(PyObject* type, const char* text) {
  raised_ = raise_as(type, text);
  if (raised_) raised_from_ = std::current_exception();
}

void Request::raise_current() {
  try {
    throw;
  } catch (const PythonException& error) {
    error.restore();
  } catch (const ClientGone& error) {
    raise_from_current(PyExc_BrokenPipeError, error.what());
  } catch (const GatewayError& error) {
    raise_from_current(PyExc_OSError, error.what());
  } catch (const ApplicationError& error) {
    raise_as(PyExc_AssertionError, error.what());
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& error) {
    raise_as(PyExc_RuntimeError, error.what());
  }
}

void Request::rethrow(PyObject* error) const {
  if (raised_from_ == nullptr) return;
  // A framework may have raised its own from it.
  constexpr int most_causes = 16;
  Object cause = Object::borrowed(error);
  for (int i = 0; cause && i < most_causes; ++i) {
    if (cause.get() == raised_.get()) std::rethrow_exception(raised_from_);
    cause = Object(PyException_GetCause(cause.get()));
  }
}

void Callables::prepare() {
  if (input_) return;
  Object input = make_request();
  start_response_ =
      checked(PyCFunction_New(&start_response_method, input.get()));
  write_ = checked(PyCFunction_New(&write_method, input.get()));
  request_of(input.get()).write_function = write_.get();
  input_ = std::move(input);
}

bool Callables::is_free(Py_ssize_t others) const noexcept {
  // One reference is ours, and each function has one.
  return Py_REFCNT(input_.get()) == 3 + others &&
         Py_REFCNT(start_response_.get()) == 1 && Py_REFCNT(write_.get()) == 1;
}

void prepare_request_type() {
  static PyType_Slot slots[] = {
      {Py_tp_dealloc, reinterpret_cast<void*>(deallocate)},
      {Py_tp_methods, input_methods},
      {Py_tp_iter, reinterpret_cast<void*>(PyObject_SelfIter)},
      {Py_tp_iternext, reinterpret_cast<void*>(next_line)},
      {Py_tp_doc, const_cast<char*>("wsgi.input: the body of one request")},
      {0, nullptr},
  };
  static PyType_Spec spec = {
      "decant.Input", sizeof(RequestObject), 0,
      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
  request_type = reinterpret_cast<PyTypeObject*>(
      checked(PyType_FromSpec(&spec)).release());
}

}  // namespace decant::python
