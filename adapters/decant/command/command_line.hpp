// SPDX-License-Identifier: MIT
// The command line: words into settings.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "decant/application/program.hpp"
#include "decant/application/python.hpp"
#include "decant/command/help.hpp"
#include "decant/server/cgi.hpp"
#include "decant/server/fastcgi.hpp"
#include "decant/server/http.hpp"
#include "decant/server/runner.hpp"
#include "decant/server/warm/handover.hpp"
#include "decant/service/log/log.hpp"

namespace decant::command {

/// What the words of one side say.
struct Settings {
  std::string app;    ///< empty in a program that has its own application
  std::string chdir;  ///< empty: stay
  bool lint = false;
  /// Of static files: where they are mounted, and their directory.
  std::vector<std::pair<std::string, std::string>> static_files;
  service::LogLevel log_level = service::LogLevel::info;
  python::Options python;
  program::Options program;
  std::vector<std::string> allowed;  ///< of wrap: programs, by their paths
  normaliser::Rules rules;
  service::Options service;
  std::vector<std::string> listen;  ///< "[PROTOCOL://]ENDPOINT"
  fastcgi::DoorOptions fcgi;
  http::DoorOptions http_door;
  runner::Options run;
  /// Of cgi: how long a warm worker stays without a request.
  std::chrono::seconds warm{300};
  /// To tell of the warm workers, or to end them.
  std::optional<warm::Kind> warm_query;
  /// Pages about what went wrong, and requests on the terminal.
  bool debug = false;
  bool http = false;  ///< of run: many requests, by HTTP through a pipe
};

/// Parses the words after the side. Gives no value when help was asked for and
/// has been printed. Throws UsageError: one line that names the option.
std::optional<Settings> parse(const Program& program, Side side,
                              const std::vector<std::string>& words);

}  // namespace decant::command
