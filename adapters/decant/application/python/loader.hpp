// SPDX-License-Identifier: MIT
// From "module:callable" or "file.py:callable" to a Python object.
#pragma once

#include <string>

#include "decant/application/python/object.hpp"

namespace decant::python {

/// APP taken apart.
struct Target {
  std::string place;  ///< a path or the name of a module
  bool is_file = false;
  std::string expression;  ///< empty: application, then app
  bool call = false;       ///< a factory: call it once without arguments

  static Target parse(const std::string& spec);
};

/// Imports the module and gives the application. The lock is held. Throws
/// LoadError with the cure; a traceback goes to standard error.
Object load_application(const std::string& spec);

}  // namespace decant::python
