// SPDX-License-Identifier: MIT
// The application side for Python: any WSGI callable (PEP 3333). Python itself
// is embedded by a module that is loaded on first use, so a process that runs
// no Python application never maps it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "decant/application.hpp"

namespace decant::python {

struct Options {
  /// Directories put before the rest of sys.path.
  std::vector<std::string> python_path = {};
  /// A virtual environment; empty: the one that VIRTUAL_ENV names, if any.
  std::string venv = {};
  /// No site module, no PYTHON* variables, no user's packages.
  bool isolated = false;
  /// How long the process waits, when it ends, for Python threads that are not
  /// daemons.
  std::chrono::seconds grace{30};
  /// Errors carry where they came from, and source lines.
  bool trace = false;
  /// The module that embeds Python; empty: the installed one.
  std::string module = {};
};

/// Loads "package.module", "module:callable", "path/wsgi.py",
/// "wsgi.py:callable" or "module:factory()"; without a callable `application`,
/// then `app`. Starts the interpreter on first use, with `options` of that
/// call; it lives as long as the process. Call it from the main thread. The
/// traceback of an application that fails to load is printed on standard
/// error; throws LoadError with the cure.
Application load(const std::string& spec, const Options& options = {});

}  // namespace decant::python
