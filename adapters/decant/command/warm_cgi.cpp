// SPDX-License-Identifier: MIT
#include "decant/command/warm_cgi.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>
#include <string_view>
#include <utility>

#include "decant/command/load.hpp"
#include "decant/error.hpp"
#include "decant/exit_status.hpp"
#include "decant/server/warm/workers.hpp"
#include "decant/service/listen/take_from_environment.hpp"

namespace decant::command {
namespace {

namespace fs = std::filesystem;

/// The file that runs here: the same for all that run it, whatever it was
/// called by.
std::string running_program() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error);
}

/// The file of an application that is one, by the way that leads there, which
/// may be a link that is changed; else its name as it was given.
std::string given_file(const Settings& settings) {
  if (settings.app.empty()) return running_program();
  std::string rest = AppSpec::parse(settings.app).rest;
  std::error_code error;
  for (const std::string& file :
       {rest, rest.substr(0, std::min(rest.rfind(':'), rest.size()))}) {
    if (fs::is_regular_file(file, error)) return fs::absolute(file, error);
  }
  return rest;
}

/// The same, whichever way leads there.
std::string file_of(const Settings& settings) {
  const std::string given = given_file(settings);
  std::error_code error;
  const fs::path file = fs::canonical(given, error);
  return error ? given : file.string();
}

/// True for what tells of a client, by whatever name it is after a redirection.
bool is_about_client(std::string_view entry) {
  constexpr std::string_view redirected = "REDIRECT_";
  constexpr std::array<std::string_view, 11> beginnings = {
      "HTTP_",         "REMOTE_",    "AUTH_TYPE=",       "CONTENT_LENGTH=",
      "CONTENT_TYPE=", "PATH_INFO=", "PATH_TRANSLATED=", "QUERY_STRING=",
      "REQUEST_URI=",  "SSL_CLIENT", "SSL_SESSION"};
  while (entry.starts_with(redirected)) entry.remove_prefix(redirected.size());
  return std::any_of(
      beginnings.begin(), beginnings.end(),
      [entry](std::string_view name) { return entry.starts_with(name); });
}

/// The environment of a worker outlives the request that has started it: an
/// application that looks for its user or a password there is to find nobody's
/// rather than those of the first client. Nor is anybody who looks at the
/// process: /proc shows the memory that the values had at the start.
void forget_client() {
  std::vector<std::string> names;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view entry = *at;
    if (is_about_client(entry)) {
      names.emplace_back(entry.substr(0, entry.find('=')));
      const std::size_t value = std::min(names.back().size() + 1, entry.size());
      std::fill(*at + value, *at + entry.size(), '\0');
    }
  }
  for (const std::string& name : names) ::unsetenv(name.c_str());
}

/// False for a program, and for what is nothing: that is told as it always is.
bool can_be_warm(const Settings& settings) {
  try {
    return settings.app.empty() ||
           AppSpec::parse(settings.app).kind != Kind::program;
  } catch (const LoadError&) {
    return false;
  }
}

}  // namespace

WarmCgi::WarmCgi(const std::vector<std::string>& words, char** argv)
    : wish_(warm::read_wish(words)),
      argv_(argv),
      was_tried_(!service::take_from_environment(warm::tried_variable).empty()),
      seat_(warm::take_seat()) {
  if (wish_.wanted) {
    program_ = running_program();
    identity_.emplace(program_, wish_.words);
  }
  if (seat_) forget_client();
}

void WarmCgi::remember_origin(const Settings& settings) {
  if (!wish_.wanted || seat_) return;
  if (!settings.chdir.empty()) {
    origin_.directory.reset(::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  if (settings.rules.variables.empty()) return;
  for (char** at = environ; *at != nullptr; ++at) {
    origin_.environment.emplace_back(*at);
  }
}

std::optional<int> WarmCgi::hand_over() const {
  if (!identity_ || was_tried_ || seat_) return std::nullopt;
  return warm::hand_over(*identity_);
}

std::optional<int> WarmCgi::serve(const Settings& settings,
                                  const Loader& load) {
  if (!identity_ || !can_be_warm(settings)) return std::nullopt;
  if (!seat_) {
    warm::start_worker(identity_->name(), program_, argv_, origin_);
    return std::nullopt;
  }
  const std::string file = file_of(settings);
  return warm::serve(load, *std::exchange(seat_, {}), identity_->text(),
                     {.rules = settings.rules,
                      .app = file,
                      .idle_exit = settings.warm,
                      .max_requests = settings.service.max_requests,
                      .files = {file, given_file(settings)}});
}

int WarmCgi::tell(const Settings& settings) {
  const std::string lines =
      warm::tell_workers(file_of(settings), *settings.warm_query);
  std::cout << (lines.empty() ? "no warm worker of this user serves it\n"
                              : lines);
  return lines.empty() ? exit_failed : 0;
}

}  // namespace decant::command
