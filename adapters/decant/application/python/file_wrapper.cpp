// SPDX-License-Identifier: MIT
#include "decant/application/python/file_wrapper.hpp"

#include "decant/descriptor.hpp"

namespace decant::python {
namespace {

constexpr Py_ssize_t default_block = 8192;

struct WrapperObject {
  PyObject_HEAD PyObject* file;
  Py_ssize_t block;
};

PyTypeObject* wrapper_type = nullptr;
// Types of the io module whose bytes are those of their descriptor.
PyObject* raw_type = nullptr;
PyObject* reader_type = nullptr;
PyObject* random_type = nullptr;

WrapperObject& wrapper(PyObject* object) {
  return *reinterpret_cast<WrapperObject*>(object);
}

PyObject* construct(PyTypeObject* type, PyObject* arguments,
                    PyObject* keywords) {
  static char file_name[] = "file";
  static char block_name[] = "blksize";
  static char* names[] = {file_name, block_name, nullptr};
  PyObject* file = nullptr;
  Py_ssize_t block = default_block;
  if (PyArg_ParseTupleAndKeywords(arguments, keywords, "O|n:file_wrapper",
                                  names, &file, &block) == 0) {
    return nullptr;
  }
  PyObject* const self = type->tp_alloc(type, 0);
  if (self == nullptr) return nullptr;
  wrapper(self).file = Object::borrowed(file).release();
  wrapper(self).block = block > 0 ? block : default_block;
  return self;
}

int traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(wrapper(self).file);
  Py_VISIT(Py_TYPE(self));
  return 0;
}

int clear(PyObject* self) {
  Py_CLEAR(wrapper(self).file);
  return 0;
}

void deallocate(PyObject* self) {
  PyTypeObject* const type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  clear(self);
  type->tp_free(self);
  Py_DECREF(type);
}

PyObject* next_block(PyObject* self) {
  Object data(PyObject_CallMethod(wrapper(self).file, "read", "n",
                                  wrapper(self).block));
  if (!data) return nullptr;
  const int more = PyObject_IsTrue(data.get());
  return more == 1 ? data.release() : nullptr;
}

/// Forwarded to what the file has as close() now: Django replaces it.
PyObject* close(PyObject* self, PyObject*) {
  const Object method(PyObject_GetAttrString(wrapper(self).file, "close"));
  if (!method) {
    if (PyErr_ExceptionMatches(PyExc_AttributeError) == 0) return nullptr;
    PyErr_Clear();
    Py_RETURN_NONE;
  }
  return PyObject_CallNoArgs(method.get());
}

PyMethodDef wrapper_methods[] = {
    {"close", close, METH_NOARGS, "close(): closes the file"},
    {nullptr, nullptr, 0, nullptr},
};

PyObject* io_type(const char* name) {
  const Object io = checked(PyImport_ImportModule("io"));
  return checked(PyObject_GetAttrString(io.get(), name)).release();
}

bool is_exactly(PyObject* object, PyObject* type) {
  return Py_IS_TYPE(object, reinterpret_cast<PyTypeObject*>(type));
}

bool is_binary_file(PyObject* file) {
  if (is_exactly(file, raw_type)) return true;
  if (!is_exactly(file, reader_type) && !is_exactly(file, random_type)) {
    return false;
  }
  const Object raw(PyObject_GetAttrString(file, "raw"));
  return raw && is_exactly(raw.get(), raw_type);
}

/// The number that a method without arguments gives; -1 when it fails.
long long number_from(PyObject* file, const char* method) {
  const Object number(PyObject_CallMethod(file, method, nullptr));
  return number ? PyLong_AsLongLong(number.get()) : -1;
}

}  // namespace

void prepare_file_wrapper_type() {
  static PyType_Slot slots[] = {
      {Py_tp_new, reinterpret_cast<void*>(construct)},
      {Py_tp_dealloc, reinterpret_cast<void*>(deallocate)},
      {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
      {Py_tp_clear, reinterpret_cast<void*>(clear)},
      {Py_tp_methods, wrapper_methods},
      {Py_tp_iter, reinterpret_cast<void*>(PyObject_SelfIter)},
      {Py_tp_iternext, reinterpret_cast<void*>(next_block)},
      {Py_tp_doc, const_cast<char*>("wsgi.file_wrapper(file, blksize=8192)")},
      {0, nullptr},
  };
  static PyType_Spec spec = {"decant.FileWrapper", sizeof(WrapperObject), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, slots};
  wrapper_type = reinterpret_cast<PyTypeObject*>(
      checked(PyType_FromSpec(&spec)).release());
  raw_type = io_type("FileIO");
  reader_type = io_type("BufferedReader");
  random_type = io_type("BufferedRandom");
}

PyObject* file_wrapper_type() noexcept {
  return reinterpret_cast<PyObject*>(wrapper_type);
}

std::optional<FilePart> file_part(PyObject* result) {
  if (!Py_IS_TYPE(result, wrapper_type)) return std::nullopt;
  PyObject* const file = wrapper(result).file;
  std::optional<FilePart> part;
  if (is_binary_file(file)) {
    const long long descriptor = number_from(file, "fileno");
    const long long offset = descriptor < 0 ? -1 : number_from(file, "tell");
    const int fd = static_cast<int>(descriptor);
    if (const auto size = size_from(fd, offset); size && *size > 0) {
      part = {fd, offset, *size};
    }  // else read() tells
  }
  PyErr_Clear();  // iteration meets the same trouble and reports it
  return part;
}

}  // namespace decant::python
