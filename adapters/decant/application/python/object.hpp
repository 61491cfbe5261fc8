// SPDX-License-Identifier: MIT
// Python objects and the interpreter's lock (GIL) as C++ scopes. Everything in
// this folder but WithGil expects the lock to be held, unless it says so.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <cxxabi.h>
#include <unistd.h>

#include <string_view>
#include <utility>

namespace decant::python {

/// A reference that is given back. May be null, as the C API's results are.
class Object {
 public:
  Object() = default;
  /// Takes over a new reference.
  explicit Object(PyObject* owned) noexcept : object_(owned) {}
  /// Adds a reference to a borrowed one.
  static Object borrowed(PyObject* object) noexcept {
    Py_XINCREF(object);
    return Object(object);
  }
  Object(Object&& other) noexcept
      : object_(std::exchange(other.object_, nullptr)) {}
  Object& operator=(Object&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Object() { Py_XDECREF(object_); }

  PyObject* get() const noexcept { return object_; }
  PyObject* release() noexcept { return std::exchange(object_, nullptr); }
  void reset() noexcept { Py_CLEAR(object_); }
  explicit operator bool() const noexcept { return object_ != nullptr; }

 private:
  PyObject* object_ = nullptr;
};

/// The Python exception that the C API has set is on its way to the nearest
/// C++ scope that handles it.
struct ErrorIsSet {};

/// The result of a C API call. Throws ErrorIsSet for null.
inline Object checked(PyObject* owned) {
  if (owned == nullptr) throw ErrorIsSet{};
  return Object(owned);
}

/// For calls that give -1 for failure.
inline void check(int result) {
  if (result < 0) throw ErrorIsSet{};
}

/// The result of a call that may give the lock away. Where the user's own
/// interpreter finalises meanwhile, it ends a thread that wants the lock again
/// by pthread_exit(3), which would unwind what must not run without the lock:
/// the thread rests, as with Python 3.14, until the process has ended.
template <class Call>
auto resting_at_the_end(const Call& call) {
  try {
    return call();
  } catch (const abi::__forced_unwind&) {
    for (;;) ::pause();
  }
}

/// Takes the lock.
inline void restore_thread(PyThreadState* state) noexcept {
  resting_at_the_end([state] { PyEval_RestoreThread(state); });
}

/// Holds the lock, for a thread that does not hold it yet.
class WithGil {
 public:
  explicit WithGil(PyThreadState* state) { restore_thread(state); }
  ~WithGil() { PyEval_SaveThread(); }
  WithGil(const WithGil&) = delete;
  WithGil& operator=(const WithGil&) = delete;
};

/// Gives the lock away while a thread waits or works without Python.
class WithoutGil {
 public:
  WithoutGil() : state_(PyEval_SaveThread()) {}
  ~WithoutGil() { restore_thread(state_); }
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;

 private:
  PyThreadState* state_;
};

/// Every byte a character (PEP 3333, "A Note on String Types").
inline PyObject* from_latin1(std::string_view text) noexcept {
  return PyUnicode_DecodeLatin1(text.data(),
                                static_cast<Py_ssize_t>(text.size()), nullptr);
}

/// Our own messages and paths.
inline PyObject* from_utf8(std::string_view text) noexcept {
  return PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()),
                              "surrogateescape");
}

/// True for a str whose characters are all bytes.
inline bool is_latin1(PyObject* text) noexcept {
  return PyUnicode_KIND(text) == PyUnicode_1BYTE_KIND;
}

/// The bytes of such a str, valid as long as it.
inline std::string_view latin1_view(PyObject* text) noexcept {
  return {reinterpret_cast<const char*>(PyUnicode_1BYTE_DATA(text)),
          static_cast<std::size_t>(PyUnicode_GET_LENGTH(text))};
}

inline std::string_view bytes_view(PyObject* bytes) noexcept {
  return {PyBytes_AS_STRING(bytes),
          static_cast<std::size_t>(PyBytes_GET_SIZE(bytes))};
}

inline const char* type_name(PyObject* object) noexcept {
  return Py_TYPE(object)->tp_name;
}

}  // namespace decant::python
