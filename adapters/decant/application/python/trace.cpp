// SPDX-License-Identifier: MIT
#include "decant/application/python/trace.hpp"

#include <atomic>
#include <filesystem>

#include "decant/application/python/embedded_code.hpp"

namespace decant::python {
namespace {

std::atomic<bool> tracing{false};
std::vector<std::string> suspects;  // with the lock held

constexpr const char* code = R"(
import itertools, linecache, traceback

def around(name, line, variables=None):
    linecache.checkcache(name)
    first = max(1, line - 5)
    lines = linecache.getlines(name, variables)[first - 1:line + 5]
    return first, [text.rstrip('\n') for text in lines]

def frames(value):
    for frame, line in traceback.walk_tb(value.__traceback__):
        name = frame.f_code.co_filename
        if not name.startswith('<frozen importlib'):
            yield (name, frame.f_code.co_name, line,
                   *around(name, line, frame.f_globals))
    if isinstance(value, SyntaxError) and value.filename:
        line = value.lineno or 1
        yield (value.filename, '', line, *around(value.filename, line))

# The place of a SyntaxError, which Python gives first, comes behind it.
def what(value):
    lines = traceback.format_exception_only(type(value), value)
    place = list(itertools.takewhile(lambda l: l.startswith('  '), lines))
    return ''.join(lines[len(place):] + place).rstrip()

def traces(value):
    found, seen = [], set()
    while value is not None and id(value) not in seen:
        seen.add(id(value))
        found.append((what(value), list(frames(value))))
        value = (value.__cause__ if value.__suppress_context__ or
                 value.__cause__ is not None else value.__context__)
    return found
)";

std::string text_of(PyObject* tuple, Py_ssize_t index) {
  PyObject* const text = PyTuple_GetItem(tuple, index);
  return text != nullptr && PyUnicode_Check(text) ? to_utf8(text) : "";
}

int number_of(PyObject* tuple, Py_ssize_t index) {
  PyObject* const number = PyTuple_GetItem(tuple, index);
  return number != nullptr ? static_cast<int>(PyLong_AsLong(number)) : 0;
}

TraceFrame to_frame(PyObject* tuple) {
  TraceFrame frame{.file = text_of(tuple, 0),
                   .function = text_of(tuple, 1),
                   .line = number_of(tuple, 2),
                   .first_line = number_of(tuple, 3),
                   .source = {}};
  PyObject* const lines = PyTuple_GetItem(tuple, 4);
  for (Py_ssize_t i = 0; i < PyList_Size(lines); ++i) {
    frame.source.push_back(to_utf8(PyList_GetItem(lines, i)));
  }
  return frame;
}

Trace to_trace(PyObject* tuple) {
  Trace trace{.what = text_of(tuple, 0), .frames = {}};
  PyObject* const frames = PyTuple_GetItem(tuple, 1);
  for (Py_ssize_t i = 0; i < PyList_Size(frames); ++i) {
    trace.frames.push_back(to_frame(PyList_GetItem(frames, i)));
  }
  return trace;
}

}  // namespace

void set_tracing(bool wanted) noexcept {
  tracing = wanted;
}

bool is_tracing() noexcept {
  return tracing;
}

std::vector<Trace> traces_of(const Raised& raised) {
  std::vector<Trace> traces;
  if (raised.value() == nullptr) return traces;
  try {
    const Object globals = run_embedded(code);
    PyObject* const function = PyDict_GetItemString(globals.get(), "traces");
    const Object found = checked(PyObject_CallOneArg(function, raised.value()));
    for (Py_ssize_t i = 0; i < PyList_Size(found.get()); ++i) {
      traces.push_back(to_trace(PyList_GetItem(found.get(), i)));
    }
  } catch (const ErrorIsSet&) {  // an exception that cannot be shown
  }
  PyErr_Clear();
  return traces;
}

void suspect_files(const std::string& place, const std::vector<Trace>& traces) {
  std::error_code error;
  suspects = {std::filesystem::absolute(place, error).lexically_normal()};
  for (const Trace& trace : traces) {
    for (const TraceFrame& frame : trace.frames) suspects.push_back(frame.file);
  }
}

const std::vector<std::string>& suspected_files() noexcept {
  return suspects;
}

}  // namespace decant::python
