// SPDX-License-Identifier: MIT
#include "decant/application/python.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "decant/application/python/module.hpp"
#include "decant/error.hpp"
#include "decant/plugin.hpp"
#include "decant/runtime.hpp"
#include "decant/text.hpp"

namespace decant::python {

#ifndef DECANT_PYTHON_MODULE

Application load(const std::string&, const Options&) {
  throw LoadError(
      "python: this decant was built without Python; install python3-dev and "
      "build again, or give a C++ plugin, as ./hello.so");
}

#else

namespace {

using std::filesystem::path;

/// Beside the program, be that the command or one of a bin folder, so that an
/// installed tree can be moved; else where it was to be installed.
std::string find_module() {
  std::error_code error;
  const path program = std::filesystem::read_symlink("/proc/self/exe", error);
  const path module = DECANT_PYTHON_MODULE;
  const path together = program.parent_path() / module.filename();
  if (!error && ::access(together.c_str(), R_OK) == 0) return together;
  const path beside =
      (program.parent_path() / ".." / module).lexically_normal();
  if (!error && ::access(beside.c_str(), R_OK) == 0) return beside;
  const path installed = path(DECANT_PREFIX) / DECANT_PYTHON_MODULE;
  if (::access(installed.c_str(), R_OK) == 0) return installed;
  throw LoadError("python: neither " + decant::quoted(beside.native()) +
                  " nor " + decant::quoted(installed.native()) +
                  " can be read; install decant with its Python module");
}

const Module* open_module(const std::string& file) {
  void* const library = ::dlopen(file.c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) {
    const char* const error = ::dlerror();
    std::string text;
    append_escaped(text, error != nullptr ? error : "unknown error");
    throw LoadError("python: " + text +
                    "; install the Python that decant was built with");
  }
  const auto* const module =
      static_cast<const Module*>(::dlsym(library, module_symbol));
  if (module == nullptr ||
      std::string_view(module->contract) != plugin_contract ||
      std::string_view(module->version) != DECANT_VERSION) {
    throw LoadError("python: " + decant::quoted(file) +
                    " belongs to another version of decant; install both from "
                    "one build");
  }
  add_fork_hooks(module->fork_hooks);
  set_runtime(module->runtime);
  return module;
}

}  // namespace

Application load(const std::string& spec, const Options& options) {
  static const Module* const module =
      open_module(options.module.empty() ? find_module() : options.module);
  return module->load(spec, options);
}

#endif

}  // namespace decant::python
