// SPDX-License-Identifier: MIT
// The module that embeds Python, as the program sees it: it calls the
// application for each request.
#include "decant/application/python/module.hpp"

#include "decant/application/python/body.hpp"
#include "decant/application/python/failure.hpp"
#include "decant/application/python/interpreter.hpp"
#include "decant/application/python/loader.hpp"
#include "decant/application/python/service_hooks.hpp"
#include "decant/plugin.hpp"

namespace decant::python {
namespace {

/// application(environ, start_response)
Object call(PyObject* application, Environ& env, Serving& serving) {
  const Object environ_dict =
      serving.thread().environ_template().make(env, serving.input());
  // The free place in front lets a method put its self there.
  PyObject* arguments[] = {nullptr, environ_dict.get(),
                           serving.start_response()};
  Object result(PyObject_Vectorcall(
      application, arguments + 1, 2 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr));
  end_forked_child();
  if (!result) throw ErrorIsSet{};
  return result;
}

Body run(PyObject* application, Environ& env,
         const StartResponse& start_response) {
  Thread& thread = Thread::mine();
  const WithGil gil(thread.state());
  Serving serving(thread, env, start_response);
  try {
    return make_body(call(application, env, serving), serving);
  } catch (const ErrorIsSet&) {
    throw_current(serving.request());
  }
}

Application load_callable(const std::string& spec, const Options& options) {
  start_interpreter(spec, options);
  const WithGil gil(Thread::mine().state());
  // Kept as long as the process: there is no good time to give it back.
  PyObject* const application = load_application(spec).release();
  forget_fork();
  return [application](Environ& env, const StartResponse& start_response) {
    return run(application, env, start_response);
  };
}

}  // namespace
}  // namespace decant::python

extern "C" __attribute__((visibility("default")))
const decant::python::Module decant_python_module;
extern "C" const decant::python::Module decant_python_module = {
    decant::plugin_contract, DECANT_VERSION, decant::python::load_callable,
    decant::python::fork_hooks, decant::python::service_runtime};
