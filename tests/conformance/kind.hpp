// SPDX-License-Identifier: MIT
// The kinds of applications: each server side is tried with each of them.
#pragma once

#include <string>

#include "decant/application.hpp"

namespace decant::conformance {

enum class Kind {
  native,     ///< in C++
  python,     ///< in Python
  validated,  ///< in Python, around them wsgiref.validate
  program,    ///< those in C++ as a CGI program
};

/// "native", "python", "validated" or "program".
std::string name(Kind kind);

/// APP, as the decant command takes it, for the applications of the table.
std::string app(Kind kind);

/// The same applications, loaded into this process.
Application load(Kind kind);

/// Why none of the kind can be loaded; empty when they can.
std::string missing(Kind kind);

}  // namespace decant::conformance
