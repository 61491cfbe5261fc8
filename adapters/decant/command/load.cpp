// SPDX-License-Identifier: MIT
#include "decant/command/load.hpp"

#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

#include "decant/application/native.hpp"
#include "decant/command/command_line.hpp"
#include "decant/error.hpp"
#include "decant/text.hpp"

namespace decant::command {
namespace {

constexpr std::array<std::pair<std::string_view, Kind>, 3> kinds = {
    {{"native", Kind::native},
     {"python", Kind::python},
     {"program", Kind::program}}};

/// "native" of "native:./hello.so"; not "C" of a path, nor "module" of
/// "module:callable", which is no kind.
std::optional<Kind> kind_by_prefix(std::string_view prefix) {
  for (const auto& [name, kind] : kinds) {
    if (name == prefix) return kind;
  }
  return std::nullopt;
}

bool is_identifier_path(std::string_view text) {
  for (const char c : text) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      (c >= '0' && c <= '9') || c == '_' || c == '.';
    if (!good) return false;
  }
  return !text.empty();
}

/// The file part of "file.so:symbol".
std::string_view without_symbol(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const std::size_t slash = text.rfind('/');
  const bool symbol = colon != std::string_view::npos &&
                      (slash == std::string_view::npos || colon > slash);
  return symbol ? text.substr(0, colon) : text;
}

/// A file that decant itself is to run is a Python file whatever its ending;
/// run as a program, it would run decant for ever.
bool names_decant(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  return std::getline(file, line) && line.starts_with("#!") &&
         line.find("decant") != std::string::npos;
}

/// "mysite.app" where mysite is a package or module of this directory.
bool names_module(const std::string& text) {
  const std::string first = text.substr(0, text.find('.'));
  if (first.empty() || first == text || !is_identifier_path(text)) return false;
  std::error_code error;
  return std::filesystem::is_directory(first, error) ||
         std::filesystem::exists(first + ".py", error);
}

std::optional<Kind> infer(const std::string& text) {
  const std::string_view file = without_symbol(text);
  if (file.ends_with(".so")) return Kind::native;
  if (file.ends_with(".py") || file.ends_with(".wsgi")) return Kind::python;
  if (::access(text.c_str(), F_OK) == 0) {
    if (text.ends_with('/')) return Kind::program;
    if (names_decant(text)) return Kind::python;
    if (::access(text.c_str(), X_OK) == 0) return Kind::program;
    return std::nullopt;
  }
  if (names_module(text)) return Kind::python;
  const bool callable = file.size() != text.size() && is_identifier_path(file);
  return callable ? std::optional(Kind::python) : std::nullopt;
}

/// How to name the Django project in a directory; empty where there is none.
std::string django_project(std::string directory) {
  namespace fs = std::filesystem;
  while (directory.ends_with('/')) directory.pop_back();
  const fs::path path(directory);
  const fs::path name = path.filename();
  std::error_code error;  // none is what cannot be looked at
  const auto in = [](const fs::path& folder, const fs::path& module) {
    const std::string there = folder.empty() || folder == "."
                                  ? std::string()
                                  : " --chdir " + folder.string();
    return module.string() + ".wsgi" + there;
  };
  if (fs::exists(path / "wsgi.py", error)) return in(path.parent_path(), name);
  if (fs::exists(path / name / "wsgi.py", error)) return in(path, name);
  return {};
}

}  // namespace

AppSpec AppSpec::parse(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon != std::string::npos) {
    const auto kind = kind_by_prefix(std::string_view(text).substr(0, colon));
    if (kind) return {*kind, text.substr(colon + 1)};
  }
  const auto kind = infer(text);
  if (kind == Kind::program) {
    if (const std::string project = django_project(text); !project.empty()) {
      throw LoadError(decant::quoted(text) +
                      " is a directory with a Django project; give " + project);
    }
  }
  if (kind) return {*kind, text};
  const bool there = ::access(text.c_str(), F_OK) == 0;
  throw LoadError(
      decant::quoted(text) +
      (there ? " is no application; give the kind, as native:" + text +
                   ", or make a program executable"
             : " was not found; give ./hello.so, ./app.py, module:callable, "
               "./program.cgi, or KIND:REST with the kind native, python or "
               "program"));
}

Application load_named(const Settings& settings) {
  if (settings.app.empty()) {
    return program::wrap(settings.allowed, settings.program);
  }
  return load(settings.app, {settings.python, settings.program});
}

Application load(const std::string& text, const LoadOptions& options) {
  const AppSpec spec = AppSpec::parse(text);
  switch (spec.kind) {
    case Kind::native:
      return native::load(spec.rest);
    case Kind::python:
      return python::load(spec.rest, options.python);
    case Kind::program:
      break;
  }
  return program::load(spec.rest, options.program);
}

}  // namespace decant::command
