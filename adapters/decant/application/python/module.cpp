// SPDX-License-Identifier: MIT
// The module that embeds Python, as the program sees it.
#include "decant/application/python/module.hpp"

#include <memory>

#include "decant/application/python/body.hpp"
#include "decant/application/python/calling.hpp"
#include "decant/application/python/interpreter.hpp"
#include "decant/application/python/loader.hpp"
#include "decant/application/python/service_hooks.hpp"
#include "decant/plugin.hpp"

namespace decant::python {
namespace {

Application load_callable(const std::string& spec, const Options& options) {
  start_interpreter(spec, options);
  const WithGil gil(Thread::mine().state());
  // Kept as long as the process: there is no good time to give it back.
  PyObject* const application = load_application(spec).release();
  forget_fork();
  return make_application(std::make_shared<PyObject*>(application));
}

}  // namespace
}  // namespace decant::python

extern "C" __attribute__((visibility("default")))
const decant::python::Module decant_python_module;
extern "C" const decant::python::Module decant_python_module = {
    decant::plugin_contract, DECANT_VERSION, decant::python::load_callable,
    decant::python::fork_hooks, decant::python::service_runtime};
