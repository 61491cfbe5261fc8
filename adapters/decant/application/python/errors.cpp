// SPDX-License-Identifier: MIT
#include "decant/application/python/errors.hpp"

#include <string>

#include "decant/application/python/failure.hpp"
#include "decant/service/log/log.hpp"

namespace decant::python {
namespace {

struct ErrorsObject {
  PyObject_HEAD Request* request;  // null: none is being served
};

PyTypeObject* errors_type = nullptr;

Request*& request_behind(PyObject* object) {
  return reinterpret_cast<ErrorsObject*>(object)->request;
}

/// The request's own stream where Python runs for it, and no thread uses what
/// may be the same connection; else the log, where a line must not wait.
template <class Use>
void with_stream(PyObject* self, const Use& use) {
  const Request* const request = request_behind(self);
  if (request != nullptr && request->is_inside() && !request->is_busy()) {
    use(request->env().errors());
    return;
  }
  service::LogSink sink;
  ErrorStream stream(sink);
  use(stream);
}

bool put(PyObject* self, PyObject* text) {
  if (!PyUnicode_Check(text)) {
    PyErr_Format(PyExc_TypeError, "wsgi.errors: write takes str, not %s",
                 type_name(text));
    return false;
  }
  const std::string utf8 = to_utf8(text);
  with_stream(self, [&](ErrorStream& stream) { stream.write(utf8); });
  return true;
}

PyObject* write(PyObject* self, PyObject* text) {
  if (!put(self, text)) return nullptr;
  return PyLong_FromSsize_t(PyUnicode_GET_LENGTH(text));
}

PyObject* writelines(PyObject* self, PyObject* texts) {
  const Object iterator(PyObject_GetIter(texts));
  if (!iterator) return nullptr;
  while (const Object text{PyIter_Next(iterator.get())}) {
    if (!put(self, text.get())) return nullptr;
  }
  if (PyErr_Occurred() != nullptr) return nullptr;
  Py_RETURN_NONE;
}

PyObject* flush(PyObject* self, PyObject*) {
  with_stream(self, [](ErrorStream& stream) { stream.flush(); });
  Py_RETURN_NONE;
}

PyMethodDef errors_methods[] = {
    {"write", write, METH_O, "write(text): text for the server's log"},
    {"writelines", writelines, METH_O, "writelines(texts)"},
    {"flush", flush, METH_NOARGS, "flush(): sends an unfinished line on"},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

void prepare_errors_type() {
  static PyType_Slot slots[] = {
      {Py_tp_methods, errors_methods},
      {Py_tp_doc, const_cast<char*>("wsgi.errors: the server's log")},
      {0, nullptr},
  };
  static PyType_Spec spec = {
      "decant.Errors", sizeof(ErrorsObject), 0,
      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
  errors_type = reinterpret_cast<PyTypeObject*>(
      checked(PyType_FromSpec(&spec)).release());
}

Object make_errors() {
  return checked(errors_type->tp_alloc(errors_type, 0));
}

void set_request(PyObject* errors, Request* request) noexcept {
  request_behind(errors) = request;
}

}  // namespace decant::python
