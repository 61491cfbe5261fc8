// SPDX-License-Identifier: MIT
#include "decant/application/python/interpreter.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "decant/application/python/body.hpp"
#include "decant/application/python/errors.hpp"
#include "decant/application/python/failure.hpp"
#include "decant/application/python/file_wrapper.hpp"
#include "decant/application/python/object.hpp"
#include "decant/application/python/process_end.hpp"
#include "decant/application/python/service_hooks.hpp"
#include "decant/application/python/standard_streams.hpp"
#include "decant/application/python/thread.hpp"
#include "decant/application/python/trace.hpp"
#include "decant/broken_pipe.hpp"
#include "decant/error.hpp"
#include "decant/text.hpp"

namespace decant::python {
namespace {

using std::filesystem::path;

constexpr std::string_view our_version =
    Py_STRINGIFY(PY_MAJOR_VERSION) "." Py_STRINGIFY(PY_MINOR_VERSION);

/// Extension modules are not linked to libpython: they find it only when it is
/// global, which what a plugin brings along is not.
void make_libpython_global() {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<void*>(&Py_InitializeFromConfig), &info) != 0) {
    ::dlopen(info.dli_fname, RTLD_LAZY | RTLD_GLOBAL | RTLD_NOLOAD);
  }
}

/// "3.11" of a virtual environment; empty when `directory` is none.
std::optional<std::string> version_of_venv(const path& directory) {
  std::ifstream file(directory / "pyvenv.cfg");
  if (!file) return std::nullopt;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("version")) continue;
    const std::size_t first = line.find_first_of("0123456789");
    if (first == std::string::npos) break;
    const std::size_t dot = line.find('.', first);
    const std::size_t end = line.find('.', dot + 1);
    return line.substr(first, end == std::string::npos ? end : end - first);
  }
  return "of unknown version";
}

/// The interpreter whose place in the file system says where the library and
/// the packages are. Python itself would search PATH.
std::string program_name(const Options& options) {
  const char* const variable = std::getenv("VIRTUAL_ENV");
  const bool inherited = options.venv.empty();
  const std::string venv = !inherited            ? options.venv
                           : variable != nullptr ? variable
                                                 : "";
  if (venv.empty() || (inherited && options.isolated)) {
    return DECANT_PYTHON_EXECUTABLE;
  }
  const path directory = std::filesystem::absolute(venv);
  const auto version = version_of_venv(directory);
  if (version == our_version) return directory / "bin" / "python";
  // Whoever runs decant in an activated environment may not mean it.
  if (inherited) return DECANT_PYTHON_EXECUTABLE;
  throw LoadError(
      version
          ? "python: --venv: " + decant::quoted(venv) + " is for Python " +
                *version + ", and decant embeds " + std::string(our_version) +
                "; make one with " DECANT_PYTHON_EXECUTABLE " -m venv"
          : "python: --venv: " + decant::quoted(venv) +
                " is no virtual environment, it has no pyvenv.cfg; make "
                "one with " DECANT_PYTHON_EXECUTABLE " -m venv");
}

class Configuration {
 public:
  explicit Configuration(bool isolated) {
    PyPreConfig before;
    if (isolated) {
      PyPreConfig_InitIsolatedConfig(&before);
      before.utf8_mode = -1;  // UTF-8 in the C locale, where CGI runs
      PyConfig_InitIsolatedConfig(&config_);
    } else {
      PyPreConfig_InitPythonConfig(&before);
      PyConfig_InitPythonConfig(&config_);
    }
    before.parse_argv = 0;
    check(Py_PreInitialize(&before));
    config_.parse_argv = 0;
    config_.install_signal_handlers = 0;
    config_.faulthandler = 1;
    config_.site_import = isolated ? 0 : 1;
  }
  ~Configuration() { PyConfig_Clear(&config_); }
  Configuration(const Configuration&) = delete;
  Configuration& operator=(const Configuration&) = delete;

  void start(const std::string& program, std::string argument) {
    check(PyConfig_SetBytesString(&config_, &config_.program_name,
                                  program.c_str()));
    char* argv[] = {argument.data()};
    check(PyConfig_SetBytesArgv(&config_, 1, argv));
    check(Py_InitializeFromConfig(&config_));
  }

 private:
  static void check(const PyStatus& status) {
    if (PyStatus_Exception(status) == 0) return;
    throw LoadError(std::string("python: the interpreter did not start: ") +
                    (status.err_msg != nullptr ? status.err_msg : "it exits") +
                    "; is PYTHONHOME or --venv right?");
  }

  PyConfig config_;
};

void prepare() {
  make_libpython_global();
  prepare_types();
  prepare_standard_streams();
  prepare_service_signals();
}

void before_fork() {
  PyEval_RestoreThread(Thread::mine().state());
  static const bool frozen = [] {
    try {
      freeze_objects();
    } catch (const ErrorIsSet&) {
      PyErr_Clear();  // the children will work all the same
    }
    return true;
  }();
  static_cast<void>(frozen);
  PyOS_BeforeFork();
}

void after_fork_in_parent() {
  PyOS_AfterFork_Parent();
  PyEval_SaveThread();
}

void after_fork_in_child() {
  PyOS_AfterFork_Child();
  forget_fork();
  PyEval_SaveThread();
}

}  // namespace

const ForkHooks fork_hooks = {before_fork, after_fork_in_parent,
                              after_fork_in_child};

void prepare_types() {
  prepare_request_type();
  prepare_errors_type();
  prepare_file_wrapper_type();
  prepare_environ_keys();
  watch_forks();
}

void extend_path(const Options& options) {
  PyObject* const list = PySys_GetObject("path");
  Py_ssize_t at = 0;
  for (const std::string& directory : options.python_path) {
    const std::string absolute = std::filesystem::absolute(directory);
    const Object item = checked(from_utf8(absolute));
    check(PyList_Insert(list, at++, item.get()));
  }
}

void flush_standard_streams() noexcept {
  for (const char* const name : {"stdout", "stderr"}) {
    PyObject* const stream = PySys_GetObject(name);
    if (stream != nullptr && stream != Py_None) {
      const Object flushed(PyObject_CallMethod(stream, "flush", nullptr));
    }
    PyErr_Clear();
  }
}

void start_interpreter(const std::string& argument, const Options& options) {
  set_tracing(options.trace);
  if (Py_IsInitialized() != 0) return;
  // As Python itself does; its own installation would take INT too.
  survive_broken_pipes();
  make_libpython_global();
  Configuration(options.isolated).start(program_name(options), argument);
  try {
    prepare();
    extend_path(options);
  } catch (const ErrorIsSet&) {
    throw LoadError("python: the interpreter did not start: " +
                    Raised().text());
  }
  prepare_process_end(options.grace);
  PyEval_SaveThread();
}

}  // namespace decant::python
