// SPDX-License-Identifier: MIT
#include "decant/application/python/body.hpp"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

#include "decant/application/python/failure.hpp"
#include "decant/application/python/file_wrapper.hpp"
#include "decant/application/python/interpreter.hpp"
#include "decant/error.hpp"

namespace decant::python {
namespace {

/// Up to here the chunks of a list are copied, so that everything Python's is
/// given back with the lock that is held anyway.
constexpr std::size_t most_copied = 65536;
/// Of a file, at a time.
constexpr std::size_t file_block = 131072;

/// A str or int attribute as text; empty where there is none.
std::string attribute_text(PyObject* object, const char* name) {
  const Object value(PyObject_GetAttrString(object, name));
  const Object text(value ? PyObject_Str(value.get()) : nullptr);
  std::string out = text ? to_utf8(text.get()) : std::string();
  PyErr_Clear();
  return out;
}

/// Where a result comes from: "generator pages (/srv/app.py, line 12)", or its
/// type.
std::string describe(PyObject* result) {
  std::string text = type_name(result);
  if (!PyGen_Check(result)) return text;
  text += ' ' + attribute_text(result, "__name__");
  const Object code(PyObject_GetAttrString(result, "gi_code"));
  const Object frame(PyObject_GetAttrString(result, "gi_frame"));
  PyErr_Clear();
  // One that has ended has no frame, but its code has a first line.
  const bool is_running = frame && frame.get() != Py_None;
  if (code) {
    text += " (" + attribute_text(code.get(), "co_filename") + ", line " +
            (is_running ? attribute_text(frame.get(), "f_lineno")
                        : attribute_text(code.get(), "co_firstlineno")) +
            ')';
  }
  return text;
}

[[noreturn]] void refuse_chunk(PyObject* chunk, PyObject* result,
                               const std::string& place = {}) {
  throw ApplicationError(std::string("python: the application's iterable "
                                     "yielded ") +
                         type_name(chunk) + ", not bytes; encode text; it is " +
                         place + describe(result));
}

/// An iterator over the result. Throws ErrorIsSet, and ApplicationError for
/// what cannot be iterated over.
Object iterate(PyObject* result) {
  Object iterator(PyUnicode_Check(result) ? nullptr : PyObject_GetIter(result));
  if (iterator) return iterator;
  if (PyErr_Occurred() != nullptr &&
      PyErr_ExceptionMatches(PyExc_TypeError) == 0) {
    throw ErrorIsSet{};
  }
  PyErr_Clear();
  throw ApplicationError(std::string("python: the application returned ") +
                         type_name(result) + ", not an iterable of bytes" +
                         (result == Py_None ? "; is a return missing?"
                                            : "; return a list, [data]"));
}

/// A body that needs its result until close().
class ResultBody : public detail::ChunkStream {
 public:
  ResultBody(Object result, Serving& serving)
      : result_(std::move(result)), serving_(std::move(serving)) {}

  void close() override {
    const WithGil gil(serving_.thread().state());
    Serving serving(std::move(serving_));
    serving.enter();
    const Object result(std::move(result_));
    const bool good = call_close(result.get());
    release();
    end_forked_child();
    if (!good) throw_current(serving.request());
  }

 protected:
  Serving& serving() noexcept { return serving_; }
  PyObject* result() const noexcept { return result_.get(); }

 private:
  /// Gives back further objects.
  virtual void release() noexcept {}

  /// False with an exception set.
  static bool call_close(PyObject* result) {
    const Object method(PyObject_GetAttrString(result, "close"));
    if (!method) {
      if (PyErr_ExceptionMatches(PyExc_AttributeError) == 0) return false;
      PyErr_Clear();
      return true;
    }
    return static_cast<bool>(Object(
        resting_at_the_end([&] { return PyObject_CallNoArgs(method.get()); })));
  }

  Object result_;
  Serving serving_;
};

/// Any other result. The first step is taken in the call of the application,
/// while the lock is held. What cannot be iterated over is closed all the same.
class IteratorBody final : public ResultBody {
 public:
  IteratorBody(Object result, Serving& serving)
      : ResultBody(std::move(result), serving) {
    try {
      begin();
      advance();
    } catch (...) {
      failure_ = std::current_exception();
    }
    this->serving().leave();
  }

  bool next(std::string_view& chunk) override {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    if (!first_) {
      const WithGil gil(serving().thread().state());
      serving().enter();
      const Leave leave{serving()};
      advance();
    }
    first_ = false;
    if (!chunk_) return false;
    chunk = bytes_view(chunk_.get());
    return true;
  }

 private:
  struct Leave {
    Serving& serving;
    ~Leave() { serving.leave(); }
  };

  void begin() {
    try {
      iterator_ = iterate(result());
    } catch (const ErrorIsSet&) {
      throw_current(serving().request());
    }
  }

  void advance() {
    chunk_.reset();
    chunk_ = Object(
        resting_at_the_end([this] { return PyIter_Next(iterator_.get()); }));
    end_forked_child();
    if (chunk_) {
      if (!PyBytes_Check(chunk_.get())) refuse_chunk(chunk_.get(), result());
    } else if (PyErr_Occurred() != nullptr) {
      throw_current(serving().request());
    }
  }

  void release() noexcept override {
    chunk_.reset();
    iterator_.reset();
  }

  Object iterator_;
  Object chunk_;
  std::exception_ptr failure_;
  bool first_ = true;
};

/// A regular file, which is read without Python.
class FileBody final : public ResultBody {
 public:
  FileBody(Object result, const FilePart& part, Serving& serving)
      : ResultBody(std::move(result), serving), part_(part) {
    this->serving().leave();
  }

  bool next(std::string_view& chunk) override {
    buffer_.resize(std::min<std::uint64_t>(file_block, part_.size));
    if (buffer_.empty()) return false;
    ssize_t got = 0;
    do {
      got = ::pread(part_.descriptor, buffer_.data(), buffer_.size(),
                    part_.offset);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
      throw std::system_error(errno, std::generic_category(),
                              "wsgi.file_wrapper: read");
    }
    if (got == 0) return false;  // shorter than it was
    part_.offset += got;
    part_.size -= static_cast<std::uint64_t>(got);
    chunk = {buffer_.data(), static_cast<std::size_t>(got)};
    return true;
  }

  bool at_end() const noexcept override { return part_.size == 0; }
  std::optional<detail::FileSpan> file() const override {
    return detail::FileSpan{part_.descriptor, part_.offset, part_.size};
  }

 private:
  FilePart part_;
  std::string buffer_;
};

/// A list's chunks in one piece: nothing is gained by sending them one by one.
class JoinedBody final : public detail::ChunkStream {
 public:
  explicit JoinedBody(std::string text) : text_(std::move(text)) {}
  bool next(std::string_view& chunk) override {
    if (given_) return false;
    given_ = true;
    chunk = text_;
    return true;
  }
  bool at_end() const noexcept override { return given_; }

 private:
  std::string text_;
  bool given_ = false;
};

/// The chunks of a list or tuple, kept by reference.
class ListBody final : public ResultBody {
 public:
  using ResultBody::ResultBody;

  bool next(std::string_view& chunk) override {
    PyObject* const* const items = PySequence_Fast_ITEMS(result());
    const bool more = at_ < PySequence_Fast_GET_SIZE(result());
    if (more) chunk = bytes_view(items[at_++]);
    return more;
  }

 private:
  Py_ssize_t at_ = 0;
};

/// A list or tuple. Its chunks are looked at before the head can go out, so a
/// wrong one is a clean error.
Body make_list_body(Object list, Serving& serving) {
  const Py_ssize_t count = PySequence_Fast_GET_SIZE(list.get());
  PyObject* const* const items = PySequence_Fast_ITEMS(list.get());
  std::size_t size = 0;
  for (Py_ssize_t i = 0; i < count; ++i) {
    if (!PyBytes_Check(items[i])) {
      refuse_chunk(items[i], list.get(), "item " + std::to_string(i) + " of ");
    }
    size += bytes_view(items[i]).size();
  }
  const auto length = static_cast<std::size_t>(count);
  if (size > most_copied) {
    // The application may change its list while we send what was in it.
    Object fixed = checked(PySequence_Tuple(list.get()));
    auto stream = std::make_unique<ListBody>(std::move(fixed), serving);
    return Body(std::move(stream), length, std::nullopt);
  }
  if (count == 0) return Body();
  if (count == 1) return Body(std::string(bytes_view(items[0])));
  std::string text;
  text.reserve(size);
  for (Py_ssize_t i = 0; i < count; ++i) text += bytes_view(items[i]);
  return Body(std::make_unique<JoinedBody>(std::move(text)), length,
              std::nullopt);
}

/// One chunk, which the standard does not allow but everybody takes.
Body make_bytes_body(PyObject* bytes, Serving& serving) {
  static bool warned = false;
  if (!std::exchange(warned, true)) {
    serving.request().env().errors().write(
        "decant: the application returned bytes; they were sent as one chunk; "
        "return a list, [data]\n");
  }
  return Body(std::string(bytes_view(bytes)));
}

/// len(), where the type has one (PEP 3333, "Handling the Content-Length
/// Header").
std::optional<std::size_t> length_of(PyObject* result) {
  const PyTypeObject* const type = Py_TYPE(result);
  const bool has_length = (type->tp_as_sequence != nullptr &&
                           type->tp_as_sequence->sq_length != nullptr) ||
                          (type->tp_as_mapping != nullptr &&
                           type->tp_as_mapping->mp_length != nullptr);
  if (!has_length) return std::nullopt;
  const Py_ssize_t size = PyObject_Size(result);
  if (size >= 0) return static_cast<std::size_t>(size);
  PyErr_Clear();
  return std::nullopt;
}

bool in_forked_child = false;

}  // namespace

Body make_body(Object result, Serving& serving) {
  PyObject* const object = result.get();
  if (PyList_CheckExact(object) || PyTuple_CheckExact(object)) {
    return make_list_body(std::move(result), serving);
  }
  if (PyBytes_CheckExact(object)) return make_bytes_body(object, serving);
  if (const auto part = file_part(object)) {
    auto stream = std::make_unique<FileBody>(std::move(result), *part, serving);
    return Body(std::move(stream), std::nullopt, part->size);
  }
  const auto length = length_of(object);
  auto stream = std::make_unique<IteratorBody>(std::move(result), serving);
  return Body(std::move(stream), length, std::nullopt);
}

void end_forked_child() {
  if (!in_forked_child) return;
  int status = 0;
  if (PyErr_Occurred() != nullptr) {
    const Raised raised;
    status = 1;
    if (raised.is(PyExc_SystemExit)) {
      const Object code(PyObject_GetAttrString(raised.value(), "code"));
      status = !code || code.get() == Py_None ? 0
               : PyLong_Check(code.get())
                   ? static_cast<int>(PyLong_AsLong(code.get()))
                   : 1;
    } else {
      PySys_FormatStderr("%s", raised.traceback().c_str());
    }
  }
  flush_standard_streams();
  ::_exit(status);
}

void watch_forks() {
  ::pthread_atfork(nullptr, nullptr, [] { in_forked_child = true; });
}

void forget_fork() noexcept {
  in_forked_child = false;
}

bool exchange_forked(bool is_forked) noexcept {
  return std::exchange(in_forked_child, is_forked);
}

}  // namespace decant::python
