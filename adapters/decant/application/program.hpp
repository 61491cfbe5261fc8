// SPDX-License-Identifier: MIT
// The application side for CGI programs: any program that speaks CGI/1.1 (RFC
// 3875), one process per request.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "decant/application.hpp"

namespace decant::program {

struct Options {
  /// A program that for so long neither takes input nor gives output is ended;
  /// 0 means never.
  std::chrono::seconds timeout{60};
  /// In a process that outlives its responses, as a service does: a program
  /// that has closed its output and goes on working does not hold its response,
  /// and the process waits so long for it when it ends. No value: the response
  /// ends with the program.
  std::optional<std::chrono::seconds> grace = {};
  /// Set in every program's environment, whatever a request says.
  std::vector<std::pair<std::string, std::string>> variables = {};
  /// Variables of this process that a program gets to see.
  std::vector<std::string> pass_env = {};
  /// Endings that the name of a program beneath a directory must have, as
  /// ".cgi"; none: any.
  std::vector<std::string> extensions = {};
};

/// Loads the program at `path`, or with a '/' at the end of `path` all programs
/// beneath that directory: the one that SCRIPT_FILENAME names, else SCRIPT_NAME
/// with PATH_INFO, else PATH_INFO. Throws LoadError for what is not there or
/// cannot be executed.
Application load(const std::string& path, const Options& options = {});

/// As fcgiwrap: any program that the web server names, by SCRIPT_FILENAME or
/// else by DOCUMENT_ROOT with SCRIPT_NAME and PATH_INFO, whatever directory it
/// is in. Where `allowed` is not empty, only the programs whose paths it holds.
Application wrap(std::vector<std::string> allowed, const Options& options = {});

}  // namespace decant::program
