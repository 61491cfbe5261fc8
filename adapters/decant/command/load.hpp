// SPDX-License-Identifier: MIT
// From APP on the command line to an application: which kind it is and who
// loads it.
#pragma once

#include <string>
#include <string_view>

#include "decant/application.hpp"
#include "decant/application/program.hpp"
#include "decant/application/python.hpp"

namespace decant::command {

enum class Kind { native, python, program };

/// APP taken apart: "native:./hello.so" or a bare "./hello.so".
struct AppSpec {
  Kind kind;
  std::string rest;  ///< what the loader of that kind is given

  /// Looks at the prefix, then at the name, then at the file. Throws LoadError
  /// with the forms there are.
  static AppSpec parse(const std::string& text);
};

/// What the application sides are told.
struct LoadOptions {
  python::Options python = {};
  program::Options program = {};
};

struct Settings;

/// What `decant` runs: APP of the settings, or the programs that a web server
/// names.
Application load_named(const Settings& settings);

/// Loads APP. Throws LoadError.
Application load(const std::string& text, const LoadOptions& options = {});

}  // namespace decant::command
