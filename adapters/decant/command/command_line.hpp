// SPDX-License-Identifier: MIT
// The command line: words into settings, with help that teaches.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "decant/application/program.hpp"
#include "decant/application/python.hpp"
#include "decant/server/cgi.hpp"
#include "decant/server/fastcgi.hpp"
#include "decant/server/runner.hpp"
#include "decant/service/log/log.hpp"

namespace decant::command {

enum class Side { cgi, fcgi, run, wrap };

/// What the words of one side say.
struct Settings {
  std::string app;    ///< empty in a program that has its own application
  std::string chdir;  ///< empty: stay
  bool lint = false;
  service::LogLevel log_level = service::LogLevel::info;
  python::Options python;
  program::Options program;
  std::vector<std::string> allowed;  ///< of wrap: programs, by their paths
  normaliser::Rules rules;
  service::Options service;
  std::vector<std::string> listen;  ///< "[PROTOCOL://]ENDPOINT"
  fastcgi::DoorOptions fcgi;
  runner::Options run;
  bool http = false;  ///< of run: many requests, by HTTP through a pipe
};

/// Whose command line it is.
struct Program {
  std::string name;       ///< "decant", or the name of the user's program
  bool takes_app = true;  ///< false where the application is linked in
};

/// The side that the first word names, which is removed; no value when it
/// names none.
std::optional<Side> take_side(const Program& program,
                              std::vector<std::string>& words);

/// The side, or other command, that `word` may have been meant for; empty when
/// it is near to none.
std::string meant_side(const Program& program, const std::string& word);

/// Parses the words after the side. Gives no value when help was asked for and
/// has been printed. Throws UsageError: one line that names the option.
std::optional<Settings> parse(const Program& program, Side side,
                              const std::vector<std::string>& words);

/// What `decant --help` and `decant --version` print.
std::string overview(const Program& program);
std::string version();

}  // namespace decant::command
