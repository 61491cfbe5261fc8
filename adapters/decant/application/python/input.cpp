// SPDX-License-Identifier: MIT
// wsgi.input's methods (PEP 3333, "Input and Error Streams"), as io has them.
#include <algorithm>
#include <limits>
#include <string>

#include "decant/application/python/request.hpp"
#include "decant/streams.hpp"

namespace decant::python {
namespace {

constexpr auto no_limit = std::numeric_limits<std::size_t>::max();
/// Up to here a read goes straight into the bytes object; beyond it memory
/// follows what has come, not what was announced.
constexpr std::size_t direct_size = 1 << 20;

/// A size argument: absent, None and negative mean no limit. False, with an
/// exception set, for what is no number.
bool parse_size(PyObject* const* arguments, Py_ssize_t count, const char* who,
                std::size_t& size) {
  size = no_limit;
  if (count > 1) {
    PyErr_Format(PyExc_TypeError, "%s: takes one argument, a size; %zd given",
                 who, count);
    return false;
  }
  if (count == 0 || arguments[0] == Py_None) return true;
  const Py_ssize_t number =
      PyNumber_AsSsize_t(arguments[0], PyExc_OverflowError);
  if (number == -1 && PyErr_Occurred() != nullptr) return false;
  if (number >= 0) size = static_cast<std::size_t>(number);
  return true;
}

/// Runs `read` on the stream without the lock; false with an exception set.
template <class Read>
bool run_unlocked(Request& request, const Read& read) {
  InputStream& stream = request.env().input();
  try {
    const Request::Busy busy(request);
    const WithoutGil released;
    read(stream);
  } catch (...) {
    request.raise_current();
    return false;
  }
  return true;
}

PyObject* to_bytes(std::string_view data) {
  return PyBytes_FromStringAndSize(data.data(),
                                   static_cast<Py_ssize_t>(data.size()));
}

PyObject* read_direct(Request& request, std::size_t size) {
  PyObject* bytes =
      PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(size));
  if (bytes == nullptr) return nullptr;
  std::size_t filled = 0;
  const std::span<char> buffer(PyBytes_AS_STRING(bytes), size);
  const bool good = run_unlocked(request, [&](InputStream& stream) {
    while (filled < size) {
      const std::size_t got = stream.read_some(buffer.subspan(filled));
      if (got == 0) break;
      filled += got;
    }
  });
  if (!good) {
    Py_DECREF(bytes);
    return nullptr;
  }
  if (filled < size) _PyBytes_Resize(&bytes, static_cast<Py_ssize_t>(filled));
  return bytes;
}

/// What may still come: no more than CONTENT_LENGTH says, and lines read ahead
/// are part of that.
std::size_t most_left(const InputStream& stream, std::size_t size) {
  const auto length = stream.length();
  return length
             ? static_cast<std::size_t>(std::min<std::uint64_t>(size, *length))
             : size;
}

PyObject* read(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  Request& request = request_of(self);
  std::size_t size = 0;
  if (!request.may_use("wsgi.input: read") ||
      !parse_size(arguments, count, "wsgi.input: read", size)) {
    return nullptr;
  }
  size = most_left(request.env().input(), size);
  if (size == 0) return to_bytes({});
  if (size <= direct_size) return read_direct(request, size);
  std::string data;
  const bool good = run_unlocked(
      request, [&](InputStream& stream) { data = stream.read(size); });
  return good ? to_bytes(data) : nullptr;
}

PyObject* line(Request& request, std::size_t limit) {
  std::string data;
  const bool good = run_unlocked(
      request, [&](InputStream& stream) { data = stream.readline(limit); });
  return good ? to_bytes(data) : nullptr;
}

PyObject* readline(PyObject* self, PyObject* const* arguments,
                   Py_ssize_t count) {
  Request& request = request_of(self);
  std::size_t limit = 0;
  if (!request.may_use("wsgi.input: readline") ||
      !parse_size(arguments, count, "wsgi.input: readline", limit)) {
    return nullptr;
  }
  return line(request, limit);
}

PyObject* readlines(PyObject* self, PyObject* const* arguments,
                    Py_ssize_t count) {
  Request& request = request_of(self);
  std::size_t hint = 0;
  if (!request.may_use("wsgi.input: readlines") ||
      !parse_size(arguments, count, "wsgi.input: readlines", hint)) {
    return nullptr;
  }
  std::vector<std::string> lines;
  const bool good = run_unlocked(request, [&](InputStream& stream) {
    lines = stream.readlines(hint == no_limit ? 0 : hint);
  });
  if (!good) return nullptr;
  Object list(PyList_New(static_cast<Py_ssize_t>(lines.size())));
  for (std::size_t i = 0; list && i < lines.size(); ++i) {
    PyObject* const bytes = to_bytes(lines[i]);
    if (bytes == nullptr) return nullptr;
    PyList_SET_ITEM(list.get(), static_cast<Py_ssize_t>(i), bytes);
  }
  return list.release();
}

/// The body belongs to the gateway; closing it does no harm.
PyObject* close(PyObject*, PyObject*) {
  Py_RETURN_NONE;
}

PyCFunction fast(_PyCFunctionFast function) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

}  // namespace

PyObject* next_line(PyObject* self) {
  Request& request = request_of(self);
  if (!request.may_use("wsgi.input: iteration")) return nullptr;
  Object bytes(line(request, no_limit));
  const bool end = bytes && PyBytes_GET_SIZE(bytes.get()) == 0;
  return end ? nullptr : bytes.release();
}

PyMethodDef input_methods[] = {
    {"read", fast(read), METH_FASTCALL,
     "read(size=-1): the next size bytes, fewer only at the end"},
    {"readline", fast(readline), METH_FASTCALL,
     "readline(size=-1): the next line, at most size bytes of it"},
    {"readlines", fast(readlines), METH_FASTCALL,
     "readlines(hint=-1): lines until hint bytes have been read"},
    {"close", close, METH_NOARGS, "close(): does nothing"},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace decant::python
