// SPDX-License-Identifier: MIT
// python::load() where the interpreter is the user's, as for `python3 -m
// decant`: in the place of the one that loads the module which embeds Python.
#include <memory>
#include <utility>

#include "decant/application/python.hpp"
#include "decant/application/python/body.hpp"
#include "decant/application/python/calling.hpp"
#include "decant/application/python/extension/convert.hpp"
#include "decant/application/python/failure.hpp"
#include "decant/application/python/interpreter.hpp"
#include "decant/application/python/loader.hpp"
#include "decant/application/python/process_end.hpp"
#include "decant/application/python/service_hooks.hpp"
#include "decant/application/python/standard_streams.hpp"
#include "decant/application/python/thread.hpp"
#include "decant/application/python/trace.hpp"
#include "decant/error.hpp"

namespace decant::python {

Application load(const std::string& spec, const Options& options) {
  const auto refuse = [](const char* option, const char* cure) {
    throw LoadError(std::string(option) +
                    ": the interpreter has started already; run decant as " +
                    cure);
  };
  if (!options.venv.empty()) refuse("--venv", "VENV/bin/python -m decant");
  if (options.isolated) refuse("--isolated", "python3 -I -S -m decant");
  set_tracing(options.trace);
  const WithGil gil(Thread::mine().state());
  static bool prepared = false;
  if (!std::exchange(prepared, true)) {
    try {
      prepare_standard_streams();
      prepare_service_signals();
      extend_path(options);
      PySys_SetObject("argv", from_texts({spec}).get());
    } catch (const ErrorIsSet&) {
      throw LoadError("python: " + Raised().text());
    }
    prepare_process_end(options.grace);
  }
  PyObject* const application = load_application(spec).release();
  forget_fork();
  return make_application(std::make_shared<PyObject*>(application));
}

}  // namespace decant::python
