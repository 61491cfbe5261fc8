// SPDX-License-Identifier: MIT
// start_response and write as Python calls them (PEP 3333, "The
// start_response() Callable"). Their rules are the gateway's; here only the
// types are checked.
#include <algorithm>

#include "decant/application/python/failure.hpp"
#include "decant/application/python/request.hpp"
#include "decant/response.hpp"

namespace decant::python {
namespace {

/// A native string whose characters are bytes; an exception is set and false
/// given for anything else.
bool is_native(PyObject* text, const char* what) {
  if (!PyUnicode_Check(text)) {
    PyErr_Format(PyExc_TypeError, "start_response: %s must be str, not %s",
                 what, type_name(text));
    return false;
  }
  if (!is_latin1(text)) {
    PyErr_Format(PyExc_ValueError,
                 "start_response: %s %R has characters beyond latin-1; encode "
                 "them first (PEP 3333, \"Unicode Issues\")",
                 what, text);
    return false;
  }
  return true;
}

bool add_header(Headers& headers, PyObject* item) {
  if (!PyTuple_Check(item) || PyTuple_GET_SIZE(item) != 2) {
    PyErr_Format(PyExc_TypeError,
                 "start_response: each header must be a tuple (name, value), "
                 "not %R",
                 item);
    return false;
  }
  PyObject* const name = PyTuple_GET_ITEM(item, 0);
  PyObject* const value = PyTuple_GET_ITEM(item, 1);
  if (!is_native(name, "a header name") ||
      !is_native(value, "a header value")) {
    return false;
  }
  headers.emplace_back(latin1_view(name), latin1_view(value));
  return true;
}

bool convert(PyObject* list, Headers& headers) {
  if (!PyList_Check(list)) {
    PyErr_Format(PyExc_TypeError,
                 "start_response: the headers must be a list of tuples, not %s",
                 type_name(list));
    return false;
  }
  headers.reserve(static_cast<std::size_t>(PyList_GET_SIZE(list)) + 1);
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); ++i) {
    if (!add_header(headers, PyList_GET_ITEM(list, i))) return false;
  }
  return true;
}

bool convert(PyObject* exc_info, std::exception_ptr& error) {
  if (exc_info == nullptr || exc_info == Py_None) return true;
  if (!PyTuple_Check(exc_info) || PyTuple_GET_SIZE(exc_info) != 3) {
    PyErr_Format(PyExc_TypeError,
                 "start_response: exc_info must be what sys.exc_info() gives, "
                 "not %R",
                 exc_info);
    return false;
  }
  PyObject* const type = PyTuple_GET_ITEM(exc_info, 0);
  PyObject* const value = PyTuple_GET_ITEM(exc_info, 1);
  PyObject* const traceback = PyTuple_GET_ITEM(exc_info, 2);
  if (!PyExceptionClass_Check(type)) {
    PyErr_SetString(PyExc_TypeError,
                    "start_response: exc_info holds no exception; give it "
                    "inside of an except clause");
    return false;
  }
  error = std::make_exception_ptr(
      PythonException(type, value, traceback == Py_None ? nullptr : traceback));
  return true;
}

constexpr Py_ssize_t most_arguments = 3;

/// Puts what was given by keyword behind what was given by position.
bool place(PyObject* const* arguments, Py_ssize_t count, PyObject* keywords,
           PyObject* (&placed)[most_arguments]) {
  static constexpr const char* names[] = {"status", "headers", "exc_info"};
  const Py_ssize_t named = keywords ? PyTuple_GET_SIZE(keywords) : 0;
  if (count + named < 2 || count + named > most_arguments) {
    PyErr_Format(PyExc_TypeError,
                 "start_response: takes status, headers and perhaps exc_info; "
                 "%zd arguments were given",
                 count + named);
    return false;
  }
  std::copy_n(arguments, count, placed);
  for (Py_ssize_t i = 0; i < named; ++i) {
    PyObject* const keyword = PyTuple_GET_ITEM(keywords, i);
    const auto* const name =
        std::find_if(std::begin(names), std::end(names), [&](const char* n) {
          return PyUnicode_CompareWithASCIIString(keyword, n) == 0;
        });
    const auto at = name - std::begin(names);
    // The standard's names are for reading only: wsgiref calls it
    // response_headers.
    const bool alias =
        PyUnicode_CompareWithASCIIString(keyword, "response_headers") == 0;
    const auto index = alias ? 1 : at;
    if (index >= most_arguments || placed[index] != nullptr) {
      PyErr_Format(PyExc_TypeError,
                   "start_response: the argument %R is unknown or given twice",
                   keyword);
      return false;
    }
    placed[index] = arguments[count + i];
  }
  if (placed[0] == nullptr || placed[1] == nullptr) {
    PyErr_SetString(PyExc_TypeError,
                    "start_response: needs a status and headers");
    return false;
  }
  return true;
}

/// One rule for all that is refused, wherever that was noticed.
bool may_call(const Request& request, const std::exception_ptr& error) {
  if (!request.start_refused() || error) return true;
  PyErr_SetString(PyExc_AssertionError, detail::second_start_response);
  return false;
}

PyObject* start_response(PyObject* self, PyObject* const* arguments,
                         Py_ssize_t count, PyObject* keywords) {
  Request& request = request_of(self);
  PyObject* placed[most_arguments] = {};
  if (!request.may_use("start_response")) return nullptr;
  try {
    Headers headers;
    std::exception_ptr error;
    if (!place(arguments, count, keywords, placed) ||
        !is_native(placed[0], "the status") || !convert(placed[1], headers) ||
        !convert(placed[2], error) || !may_call(request, error)) {
      request.refuse_start();
      return nullptr;
    }
    request.start(latin1_view(placed[0]), std::move(headers), std::move(error));
  } catch (...) {
    request.raise_current();
    return nullptr;
  }
  return Object::borrowed(request.write_function).release();
}

PyObject* write(PyObject* self, PyObject* data) {
  Request& request = request_of(self);
  if (!request.may_use("write")) return nullptr;
  if (!PyBytes_Check(data)) {
    return PyErr_Format(PyExc_TypeError, "write: takes bytes, not %s",
                        type_name(data));
  }
  try {
    const Request::Busy busy(request);
    const WithoutGil released;
    (*request.write())(bytes_view(data));
  } catch (...) {
    request.raise_current();
    return nullptr;
  }
  Py_RETURN_NONE;
}

}  // namespace

PyMethodDef start_response_method = {
    "start_response",
    reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(start_response)),
    METH_FASTCALL | METH_KEYWORDS,
    "start_response(status, headers, exc_info=None) -> write"};

PyMethodDef write_method = {"write", write, METH_O,
                            "write(bytes): sends a part of the body"};

}  // namespace decant::python
