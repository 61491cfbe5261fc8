// SPDX-License-Identifier: MIT
// The extension module decant._decant, which the package around it uses. The
// interpreter, its signals and its sys.argv are the user's.
#include <dlfcn.h>
#include <signal.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

#include "decant/application/python/body.hpp"
#include "decant/application/python/calling.hpp"
#include "decant/application/python/extension/convert.hpp"
#include "decant/application/python/extension/interruption.hpp"
#include "decant/application/python/extension/service_type.hpp"
#include "decant/application/python/extension/sides.hpp"
#include "decant/application/python/interpreter.hpp"
#include "decant/application/python/process_end.hpp"
#include "decant/application/python/service_hooks.hpp"
#include "decant/application/python/standard_streams.hpp"
#include "decant/application/python/thread.hpp"
#include "decant/error.hpp"
#include "decant/fork.hpp"
#include "decant/runtime.hpp"

#ifdef Py_GIL_DISABLED
#error "decant needs Python's lock (GIL); build it with an ordinary Python"
#endif

namespace decant::python {

namespace {

bool is_main_thread() {
  const Object threading = checked(PyImport_ImportModule("threading"));
  const Object current =
      checked(PyObject_CallMethod(threading.get(), "current_thread", nullptr));
  const Object main =
      checked(PyObject_CallMethod(threading.get(), "main_thread", nullptr));
  return current.get() == main.get();
}

void require_main_thread(const char* who) {
  if (is_main_thread()) return;
  PyErr_Format(PyExc_RuntimeError,
               "decant: %s is for the main thread, which gets the signals",
               who);
  throw ErrorIsSet{};
}

/// Plugins find the core in what loads them.
void make_ourselves_global() {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<void*>(&make_ourselves_global), &info) != 0) {
    ::dlopen(info.dli_fname, RTLD_LAZY | RTLD_GLOBAL | RTLD_NOLOAD);
  }
}

/// Never returns: as the command's process it ends without the interpreter's
/// finalisation, which threads of the application might not survive.
PyObject* main_function(PyObject*, PyObject* words) {
  return guarded([&]() -> PyObject* {
    require_main_thread("the command");
    const sides::Words texts = to_texts(words);
    make_ourselves_global();
    ::signal(SIGINT, SIG_DFL);  // Python's own would be a request's error
    PyEval_SaveThread();
    end_process(sides::run_command(texts));
  });
}

/// A callable as an application for as long as the caller has it.
Application application_of(PyObject* callable) {
  if (PyCallable_Check(callable) == 0) {
    PyErr_Format(PyExc_TypeError,
                 "decant: an application is a callable, not %s",
                 type_name(callable));
    throw ErrorIsSet{};
  }
  return make_application(std::make_shared<PyObject*>(callable));
}

/// Runs `act` on this thread as one that serves, without the lock. What Ctrl-C
/// has raised in the application meanwhile is raised here.
template <class Act>
auto hosted(const Act& act) {
  Object interrupt;
  auto result = [&] {
    const WithoutGil released;
    HostedThread here;
    here.thread().on_interrupt = [&](const Raised& raised) {
      interrupt = Object::borrowed(raised.value());
    };
    return act();
  }();
  if (interrupt) {
    PyErr_SetObject(PyExc_KeyboardInterrupt, interrupt.get());
    throw ErrorIsSet{};
  }
  return result;
}

PyObject* cgi_function(PyObject*, PyObject* callable) {
  return guarded([&] {
    const Application application = application_of(callable);
    flush_standard_streams();
    return PyLong_FromLong(
        hosted([&] { return sides::serve_cgi(application); }));
  });
}

Object from_headers(const Headers& headers) {
  Object list = checked(PyList_New(0));
  for (const auto& [name, value] : headers) {
    const Object key = checked(from_latin1(name));
    const Object text = checked(from_latin1(value));
    const Object pair = checked(PyTuple_Pack(2, key.get(), text.get()));
    check(PyList_Append(list.get(), pair.get()));
  }
  return list;
}

/// answer(application, target, method, headers, data, options)
PyObject* answer_function(PyObject*, PyObject* arguments) {
  return guarded([&]() -> PyObject* {
    PyObject* callable = nullptr;
    PyObject* target = nullptr;
    PyObject* method = nullptr;
    PyObject* headers = nullptr;
    PyObject* options = nullptr;
    Py_buffer data{};
    if (PyArg_ParseTuple(arguments, "OUUOz*O:answer", &callable, &target,
                         &method, &headers, &data, &options) == 0) {
      return nullptr;
    }
    sides::Request request;
    if (data.buf != nullptr) {
      request.data.emplace(static_cast<const char*>(data.buf),
                           static_cast<std::size_t>(data.len));
    }
    PyBuffer_Release(&data);
    request.target = to_text(target);
    request.method = to_text(method);
    request.headers = to_texts(headers);
    const Application application = application_of(callable);
    const sides::Words words = to_texts(options);
    const sides::Answer answer =
        hosted([&] { return sides::answer(application, request, words); });
    const Object status = checked(from_latin1(answer.status));
    const Object fields = from_headers(answer.headers);
    const Object errors = checked(from_utf8(answer.errors));
    return Py_BuildValue(
        "OOy#O", status.get(), fields.get(), answer.body.data(),
        static_cast<Py_ssize_t>(answer.body.size()), errors.get());
  });
}

/// Puts the user's own signals back when a service has ended.
class SignalsKept {
 public:
  SignalsKept() {
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask_);
    for (int signal = 1; signal < count; ++signal) {
      ::sigaction(signal, nullptr, &actions_[signal]);
    }
  }
  SignalsKept(const SignalsKept&) = delete;
  SignalsKept& operator=(const SignalsKept&) = delete;
  ~SignalsKept() {
    for (int signal = 1; signal < count; ++signal) {
      ::sigaction(signal, &actions_[signal], nullptr);
    }
    ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }

 private:
  static constexpr int count = 32;
  sigset_t mask_{};
  struct sigaction actions_[count] {};
};

/// In a worker: an application that is there, with what a process of the
/// service's own has of Python.
Application prepared(const Application& application, const Options& options) {
  const WithGil gil(Thread::mine().state());
  try {
    prepare_standard_streams();
    prepare_service_signals();
  } catch (const ErrorIsSet&) {
    throw LoadError("python: " + Raised().text());
  }
  prepare_process_end(options.grace);
  return application;
}

/// supervise(application, protocol, options)
PyObject* supervise_function(PyObject*, PyObject* arguments) {
  return guarded([&]() -> PyObject* {
    PyObject* subject = nullptr;
    PyObject* protocol = nullptr;
    PyObject* options = nullptr;
    if (PyArg_ParseTuple(arguments, "OUO:supervise", &subject, &protocol,
                         &options) == 0) {
      return nullptr;
    }
    require_main_thread("a service with processes of its own");
    sides::Load load;
    if (PyUnicode_Check(subject)) {
      load = [app = to_text(subject)](const Options& how) {
        return sides::load(app, how);
      };
    } else {
      load = [application = application_of(subject)](const Options& how) {
        return prepared(application, how);
      };
    }
    const std::string name = to_text(protocol);
    const sides::Words words = to_texts(options);
    flush_standard_streams();
    int signal = 0;
    const int status = [&] {
      const SignalsKept kept;
      return hosted(
          [&] { return sides::supervise(name, words, load, signal); });
    }();
    if (signal == SIGINT) {
      PyErr_SetNone(PyExc_KeyboardInterrupt);
      return nullptr;
    }
    return PyLong_FromLong(status);
  });
}

PyObject* at_end_function(PyObject*, PyObject*) {
  stop_services();
  Py_RETURN_NONE;
}

/// Called when the interpreter is about to finalise.
void register_end() {
  static PyMethodDef method = {"stop_services", at_end_function, METH_NOARGS,
                               nullptr};
  const Object function = checked(PyCFunction_New(&method, nullptr));
  const Object module = checked(PyImport_ImportModule("atexit"));
  checked(PyObject_CallMethod(module.get(), "register", "O", function.get()));
}

PyMethodDef functions[] = {
    {"main", main_function, METH_O,
     "main(words): the command; ends the process"},
    {"run_with_cgi", cgi_function, METH_O,
     "run_with_cgi(application): answers the one request of this process"},
    {"answer", answer_function, METH_VARARGS,
     "answer(application, target, method, headers, data, options)"},
    {"supervise", supervise_function, METH_VARARGS,
     "supervise(application, protocol, options): serves by processes"},
    {nullptr, nullptr, 0, nullptr},
};

/// Refuses where it cannot work, with a sentence.
void require_our_python() {
  constexpr std::string_view ours =
      Py_STRINGIFY(PY_MAJOR_VERSION) "." Py_STRINGIFY(PY_MINOR_VERSION) ".";
  if (!std::string_view(Py_GetVersion()).starts_with(ours)) {
    PyErr_Format(PyExc_ImportError,
                 "decant was built for Python %d.%d, and this is %s; install "
                 "it anew with this interpreter",
                 PY_MAJOR_VERSION, PY_MINOR_VERSION, Py_GetVersion());
    throw ErrorIsSet{};
  }
  if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
    PyErr_SetString(PyExc_ImportError,
                    "decant does not work in a sub-interpreter: its threads "
                    "belong to the main one; import it there");
    throw ErrorIsSet{};
  }
}

int execute(PyObject* module) {
  return guarded([&]() -> PyObject* {
           require_our_python();
           static bool prepared = false;
           if (!prepared) {
             prepare_types();
             add_fork_hooks(fork_hooks);
             set_runtime(service_runtime);
             register_end();
             prepared = true;
           }
           const Object type = make_service_type();
           check(PyModule_AddObjectRef(module, "Service", type.get()));
           check(PyModule_AddStringConstant(module, "__version__",
                                            DECANT_VERSION));
           return module;
         }) == nullptr
             ? -1
             : 0;
}

PyModuleDef_Slot slots[] = {
    {Py_mod_exec, reinterpret_cast<void*>(execute)},
#if PY_VERSION_HEX >= 0x030C0000
    // Else Python itself would refuse, in words that name no way out.
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, nullptr},
};

PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                          "_decant",
                          "decant in the user's own interpreter",
                          0,
                          functions,
                          slots,
                          nullptr,
                          nullptr,
                          nullptr};

}  // namespace
}  // namespace decant::python

// NOLINTNEXTLINE(bugprone-reserved-identifier): Python's name for it
PyMODINIT_FUNC PyInit__decant() {
  return PyModuleDef_Init(&decant::python::definition);
}
