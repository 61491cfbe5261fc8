// SPDX-License-Identifier: MIT
// What the module that embeds Python gives to the program that loads it.
#pragma once

#include <string>

#include "decant/application.hpp"
#include "decant/application/python.hpp"
#include "decant/fork.hpp"
#include "decant/runtime.hpp"

namespace decant::python {

struct Module {
  const char* contract;  ///< plugin_contract of its build
  const char* version;   ///< decant's
  Application (*load)(const std::string& spec, const Options& options);
  ForkHooks fork_hooks;
  Runtime runtime;
};

inline constexpr char module_symbol[] = "decant_python_module";

}  // namespace decant::python
