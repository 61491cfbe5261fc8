// SPDX-License-Identifier: MIT
#include "conformance/kind.hpp"

#include <cstdlib>

#include "conformance/applications.hpp"
#ifdef CONFORMANCE_PYTHON_MODULE
#include "decant/application/python.hpp"
#endif
#include "decant/application/program.hpp"
#include "decant/error.hpp"

namespace decant::conformance {
namespace {

std::string plugin() {
  const char* const chosen = std::getenv("CONFORMANCE_PLUGIN");
  return chosen != nullptr ? chosen : CONFORMANCE_PLUGIN_PATH;
}

std::string python_callable(Kind kind) {
  const char* const callable =
      kind == Kind::validated ? "validated" : "application";
  return std::string(CONFORMANCE_PYTHON_PATH) + ':' + callable;
}

Application load_python([[maybe_unused]] Kind kind) {
#ifdef CONFORMANCE_PYTHON_MODULE
  python::Options options;
  options.module = CONFORMANCE_PYTHON_MODULE;
  return python::load(python_callable(kind), options);
#else
  throw LoadError(missing(kind));
#endif
}

}  // namespace

std::string name(Kind kind) {
  switch (kind) {
    case Kind::native:
      return "native";
    case Kind::python:
      return "python";
    case Kind::validated:
      return "validated";
    case Kind::program:
      break;
  }
  return "program";
}

std::string app(Kind kind) {
  switch (kind) {
    case Kind::native:
      return "native:" + plugin();
    case Kind::program:
      return "program:" CONFORMANCE_PROGRAM_PATH;
    default:
      return "python:" + python_callable(kind);
  }
}

Application load(Kind kind) {
  switch (kind) {
    case Kind::native:
      return dispatch;
    case Kind::program:
      return program::load(CONFORMANCE_PROGRAM_PATH);
    default:
      return load_python(kind);
  }
}

std::string missing([[maybe_unused]] Kind kind) {
#ifndef CONFORMANCE_PYTHON_MODULE
  if (kind == Kind::python || kind == Kind::validated) {
    return "skipped: no Python";
  }
#endif
#ifndef CONFORMANCE_PROGRAM
  if (kind == Kind::program) return "skipped: no CGI programs";
#endif
  return {};
}

}  // namespace decant::conformance
