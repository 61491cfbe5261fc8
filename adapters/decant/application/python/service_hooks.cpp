// SPDX-License-Identifier: MIT
#include "decant/application/python/service_hooks.hpp"

#include <signal.h>

#include "decant/application/python/embedded_code.hpp"
#include "decant/application/python/failure.hpp"
#include "decant/application/python/object.hpp"
#include "decant/application/python/process_end.hpp"
#include "decant/application/python/thread.hpp"
#include "decant/application/python/trace.hpp"
#include "decant/error.hpp"

namespace decant::python {
namespace {

constexpr int stack_signal = SIGUSR2;

/// Python's handler for the signal, which only interrupt() trips.
constexpr const char* time_is_over =
    "def time_is_over(*_):\n"
    "    raise TimeoutError('the request took longer than --timeout allows')\n";

Object make_handler() {
  const Object globals = run_embedded(time_is_over);
  return checked(PyObject_GetItem(globals.get(),
                                  checked(from_utf8("time_is_over")).get()));
}

Object import(const char* name) {
  return checked(PyImport_ImportModule(name));
}

/// signal.signal() would take the signal itself over; Python keeps what it was
/// given when the handler in C is put back.
void set_interrupt_handler() {
  struct sigaction before {};
  ::sigaction(stack_signal, nullptr, &before);
  const Object handler = make_handler();
  const Object result = checked(PyObject_CallMethod(
      import("signal").get(), "signal", "iO", stack_signal, handler.get()));
  ::sigaction(stack_signal, &before, nullptr);
}

void show_stack_at_signal() {
  const Object function =
      checked(PyObject_GetAttrString(import("faulthandler").get(), "register"));
  const Object arguments = checked(Py_BuildValue("(i)", stack_signal));
  const Object keywords = checked(
      Py_BuildValue("{sOsO}", "all_threads", Py_False, "chain", Py_True));
  checked(PyObject_Call(function.get(), arguments.get(), keywords.get()));
}

/// Safe in a signal handler.
void interrupt() {
  PyErr_SetInterruptEx(stack_signal);
}

void add_file(std::vector<std::string>& files, PyObject* module) {
  const Object file(PyObject_GetAttrString(module, "__file__"));
  const char* const name = file && PyUnicode_Check(file.get())
                               ? PyUnicode_AsUTF8(file.get())
                               : nullptr;
  if (name != nullptr) files.emplace_back(name);
  PyErr_Clear();
}

std::vector<std::string> source_files() {
  const WithGil gil(Thread::mine().state());
  std::vector<std::string> files = suspected_files();
  // A copy: a module may be imported meanwhile.
  const Object modules(PyDict_Values(PyImport_GetModuleDict()));
  if (!modules) PyErr_Clear();
  const Py_ssize_t count = modules ? PyList_GET_SIZE(modules.get()) : 0;
  for (Py_ssize_t i = 0; i < count; ++i) {
    add_file(files, PyList_GET_ITEM(modules.get(), i));
  }
  return files;
}

}  // namespace

const Runtime service_runtime = {.one_at_a_time = true,
                                 .interrupt = interrupt,
                                 .stack_signal = stack_signal,
                                 .source_files = source_files,
                                 .finish = finish_process};

void prepare_service_signals() {
  struct sigaction now {};
  if (::sigaction(stack_signal, nullptr, &now) != 0 ||
      now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN) {
    return;
  }
  set_interrupt_handler();
  show_stack_at_signal();
  // The thread that imports it first is the main one to it.
  import("threading");
}

void freeze_objects() {
  const Object gc = import("gc");
  checked(PyObject_CallMethod(gc.get(), "collect", nullptr));
  checked(PyObject_CallMethod(gc.get(), "freeze", nullptr));
}

}  // namespace decant::python
