// SPDX-License-Identifier: MIT
#include "decant/application/python/loader.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "decant/application/python/failure.hpp"
#include "decant/application/python/trace.hpp"
#include "decant/error.hpp"
#include "decant/text.hpp"

namespace decant::python {
namespace {

using std::filesystem::path;

/// As Python shows it, 'app.py'.
std::string name(const std::string& text) {
  std::string out = "'";
  append_escaped(out, text);
  return out + "'";
}

void insert_path(const path& directory) {
  const Object item = checked(from_utf8(directory.native()));
  check(PyList_Insert(PySys_GetObject("path"), 0, item.get()));
}

Object call(PyObject* object, const char* method, const char* format,
            PyObject* a, PyObject* b = nullptr) {
  return checked(PyObject_CallMethod(object, method, format, a, b));
}

/// Runs a file as the module that import would make of it; so its bytecode is
/// cached.
Object import_file(const path& file) {
  insert_path(file.parent_path());
  const Object external =
      checked(PyImport_ImportModule("_frozen_importlib_external"));
  const Object internal = checked(PyImport_ImportModule("_frozen_importlib"));
  PyObject* const modules = PyImport_GetModuleDict();
  Object module_name = checked(from_utf8(file.stem().native()));
  if (PyDict_Contains(modules, module_name.get()) != 0) {
    // A module of Python's own, as site or code: leave it in its place.
    module_name =
        checked(from_utf8("decant_application_" + file.stem().native()));
  }
  const Object place = checked(from_utf8(file.native()));
  const Object loader = call(external.get(), "SourceFileLoader", "OO",
                             module_name.get(), place.get());
  const Object spec = call(internal.get(), "spec_from_loader", "OO",
                           module_name.get(), loader.get());
  check(PyObject_SetAttrString(spec.get(), "has_location", Py_True));
  Object module = call(internal.get(), "module_from_spec", "O", spec.get());
  // Before it runs: pickle and dataclasses look there.
  check(PyDict_SetItem(modules, module_name.get(), module.get()));
  try {
    call(loader.get(), "exec_module", "O", module.get());
  } catch (const ErrorIsSet&) {
    const Raised raised;
    PyDict_DelItem(modules, module_name.get());
    PyErr_Clear();
    raised.restore();
    throw;
  }
  return module;
}

Object import_module(const std::string& module) {
  insert_path(std::filesystem::current_path());
  return checked(PyImport_ImportModule(module.c_str()));
}

/// The module that an ImportError misses; empty for other exceptions.
std::string missing_module(const Raised& raised) {
  if (!raised.is(PyExc_ModuleNotFoundError)) return {};
  const Object module(PyObject_GetAttrString(raised.value(), "name"));
  std::string text = module && PyUnicode_Check(module.get())
                         ? to_utf8(module.get())
                         : std::string();
  PyErr_Clear();
  return text;
}

/// Of the target's own import: "site" of "site.wsgi" is the target too.
bool is_target(const Target& target, const std::string& module) {
  return !target.is_file &&
         (target.place == module || target.place.starts_with(module + '.'));
}

/// "pkg.app --chdir DIR" for a file that lies in a package.
std::string as_module(const std::string& place) {
  std::error_code error;
  path directory = std::filesystem::absolute(place).lexically_normal();
  std::string module = directory.stem();
  directory = directory.parent_path();
  // Without __init__.py its directory is a package all the same.
  do {
    module = directory.filename().string() + '.' + module;
    directory = directory.parent_path();
  } while (std::filesystem::exists(directory / "__init__.py", error));
  std::string text;
  append_escaped(text, module + " with --chdir " + directory.string());
  return text;
}

bool is_relative_import(const Raised& raised) {
  return raised.is(PyExc_ImportError) &&
         raised.text().find("attempted relative import with no known parent") !=
             std::string::npos;
}

/// Why the target could not be imported; with the traceback on standard error
/// where that says more.
std::string explain(const Target& target, const Raised& raised) {
  if (target.is_file && is_relative_import(raised)) {
    return name(target.place) +
           " imports from its package, which a file by itself has none of; "
           "give " +
           as_module(target.place);
  }
  const std::string missing = missing_module(raised);
  if (!missing.empty() && is_target(target, missing)) {
    return "the module " + name(missing) +
           " was not found; give --python-path or --chdir DIR, or the path of "
           "a file";
  }
  PySys_FormatStderr("%s", raised.traceback().c_str());
  if (!missing.empty()) {
    return name(target.place) + " needs the module " + name(missing) +
           ", which was not found; install it, or give --venv DIR or "
           "--python-path DIR";
  }
  std::string text;
  append_escaped(text, raised.text());
  return name(target.place) + " could not be loaded: " + text;
}

[[noreturn]] void fail_to_import(const Target& target) {
  const Raised raised;
  const std::string text = "python: " + explain(target, raised);
  if (!is_tracing()) throw LoadError(text);
  std::vector<Trace> traces = traces_of(raised);
  suspect_files(target.place, traces);
  throw TracedLoadError(text, std::move(traces));
}

Object import_target(const Target& target) {
  if (!target.is_file) return import_module(target.place);
  std::error_code error;
  const path file = std::filesystem::absolute(target.place, error);
  if (error || ::access(file.c_str(), R_OK) != 0) {
    throw LoadError("python: " + name(target.place) + ' ' +
                    (errno == ENOENT ? std::string("was not found")
                                     : std::string("cannot be read: ") +
                                           std::strerror(errno)) +
                    "; give the path of a file, as ./app.py, or "
                    "module:callable");
  }
  if (std::filesystem::is_directory(file, error)) {
    throw LoadError("python: " + name(target.place) +
                    " is a directory; give the file in it");
  }
  return import_file(file.lexically_normal());
}

/// What an application could be called: callables that the module made itself.
std::string callables_of(PyObject* module) {
  PyObject* const own_name =
      PyDict_GetItemString(PyModule_GetDict(module), "__name__");
  std::string names;
  PyObject* key = nullptr;
  PyObject* value = nullptr;
  Py_ssize_t at = 0;
  while (PyDict_Next(PyModule_GetDict(module), &at, &key, &value) != 0) {
    if (!PyUnicode_Check(key) || PyCallable_Check(value) == 0) continue;
    const std::string text = to_utf8(key);
    if (text.starts_with('_')) continue;
    const Object origin(PyObject_GetAttrString(value, "__module__"));
    PyErr_Clear();
    if (!origin || own_name == nullptr ||
        PyObject_RichCompareBool(origin.get(), own_name, Py_EQ) != 1) {
      continue;
    }
    names += (names.empty() ? "" : ", ") + text;
  }
  PyErr_Clear();
  return names;
}

/// The attribute at "a.b"; null, with no exception set, when there is none.
Object attribute(PyObject* module, const std::string& dotted) {
  Object object = Object::borrowed(module);
  std::size_t at = 0;
  while (object && at <= dotted.size()) {
    const std::size_t dot = std::min(dotted.find('.', at), dotted.size());
    const std::string part = dotted.substr(at, dot - at);
    object = Object(PyObject_GetAttrString(object.get(), part.c_str()));
    at = dot + 1;
  }
  if (!object && PyErr_ExceptionMatches(PyExc_AttributeError) != 0) {
    PyErr_Clear();
  }
  return object;
}

Object find(PyObject* module, const Target& target) {
  const bool is_named = !target.expression.empty();
  Object found =
      attribute(module, is_named ? target.expression : "application");
  if (!found && !is_named) found = attribute(module, "app");
  if (PyErr_Occurred() != nullptr) throw ErrorIsSet{};
  if (found) return found;
  const std::string others = callables_of(module);
  throw LoadError("python: " + name(target.place) + " has no " +
                  (is_named ? name(target.expression)
                            : std::string("callable 'application' or 'app'")) +
                  "; name one, as " + target.place + ":NAME" +
                  (others.empty() ? "" : "; it has: " + others));
}

/// The function in Python that a call of `callable` comes to; null where that
/// is not known.
PyFunctionObject* function_behind(PyObject* callable) {
  if (PyMethod_Check(callable)) callable = PyMethod_Function(callable);
  if (PyFunction_Check(callable)) {
    return reinterpret_cast<PyFunctionObject*>(callable);
  }
  // Of an object its class says what a call does. A class itself would make an
  // object, which its own __call__ tells the use of.
  auto* const type = PyType_Check(callable)
                         ? reinterpret_cast<PyTypeObject*>(callable)
                         : Py_TYPE(callable);
  PyObject* const call = _PyType_Lookup(
      type, checked(PyUnicode_InternFromString("__call__")).get());
  return call != nullptr && PyFunction_Check(call)
             ? reinterpret_cast<PyFunctionObject*>(call)
             : nullptr;
}

/// Why it cannot be a WSGI application but may be an ASGI one; empty when that
/// is not so.
std::string asgi_sign(PyObject* application) {
  const PyFunctionObject* const function = function_behind(application);
  if (function == nullptr) return {};
  const auto* const code =
      reinterpret_cast<const PyCodeObject*>(function->func_code);
  if ((code->co_flags & (CO_COROUTINE | CO_ASYNC_GENERATOR)) != 0) {
    return "a coroutine function";
  }
  const bool has_self = !PyFunction_Check(application);
  const Py_ssize_t defaults = function->func_defaults != nullptr
                                  ? PyTuple_GET_SIZE(function->func_defaults)
                                  : 0;
  const Py_ssize_t needed = code->co_argcount - defaults - (has_self ? 1 : 0);
  return needed == 3 ? "called with three arguments" : "";
}

Object find_application(const Target& target) {
  const Object module = import_target(target);
  Object application = find(module.get(), target);
  if (target.call)
    application = checked(PyObject_CallNoArgs(application.get()));
  const std::string whole = target.place +
                            (target.expression.empty() ? "" : ":") +
                            target.expression + (target.call ? "()" : "");
  if (PyCallable_Check(application.get()) != 0) {
    const std::string sign = asgi_sign(application.get());
    if (sign.empty()) return application;
    throw LoadError("python: " + name(whole) +
                    " is an ASGI application, it "
                    "is " +
                    sign +
                    "; give the framework's WSGI application, or wrap it, as "
                    "a2wsgi.ASGIMiddleware does");
  }
  throw LoadError("python: " + name(whole) +
                  " is not callable, it is of type " +
                  type_name(application.get()) +
                  "; give an application, or a factory as NAME()");
}

/// "mysite.wsgi" is a module, unless there is such a file.
bool is_file_name(const std::string& text) {
  std::error_code error;
  return text.find('/') != std::string::npos || text.ends_with(".py") ||
         std::filesystem::is_regular_file(text, error);
}

}  // namespace

Target Target::parse(const std::string& spec) {
  Target target;
  const std::size_t slash = spec.rfind('/');
  const std::size_t colon =
      spec.find(':', slash == std::string::npos ? 0 : slash);
  target.place = spec.substr(0, colon);
  target.is_file = is_file_name(target.place);
  if (colon != std::string::npos) target.expression = spec.substr(colon + 1);
  if (target.expression.ends_with("()")) {
    target.call = true;
    target.expression.resize(target.expression.size() - 2);
  }
  if (target.place.empty() ||
      (colon != std::string::npos && target.expression.empty())) {
    throw LoadError("python: " + name(spec) +
                    " names no application; give module:callable, or "
                    "app.py:callable");
  }
  return target;
}

Object load_application(const std::string& spec) {
  const Target target = Target::parse(spec);
  try {
    return find_application(target);
  } catch (const ErrorIsSet&) {
    fail_to_import(target);
  }
}

}  // namespace decant::python
