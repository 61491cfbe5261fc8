// SPDX-License-Identifier: MIT
#include "decant/command/run.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "decant/command/doors.hpp"
#include "decant/command/query_words.hpp"
#include "decant/command/status.hpp"
#include "decant/command/warm_cgi.hpp"
#include "decant/debug_page.hpp"
#include "decant/error.hpp"
#include "decant/exit_status.hpp"
#include "decant/lint.hpp"
#include "decant/runtime.hpp"
#include "decant/server/http/pipe.hpp"
#include "decant/service/listen/listener.hpp"
#include "decant/static_files.hpp"
#include "decant/stdio.hpp"
#include "decant/text.hpp"

namespace decant::command {
namespace {

/// The name under which the command takes fcgiwrap's place.
constexpr std::string_view wrap_name = "fcgiwrap";

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

bool started_by_web_server() {
  return !variable("GATEWAY_INTERFACE").empty() ||
         !variable("REQUEST_METHOD").empty();
}

/// How a bare `decant APP` was started.
Side choose_side() {
  if (service::is_listening_socket(STDIN_FILENO)) return Side::fcgi;
  return started_by_web_server() ? Side::cgi : Side::run;
}

int complain(const std::exception& error, int status) {
  service::log(service::LogLevel::error, error.what());
  return status;
}

/// Names without a dot are for the process too: what an application reads
/// while it loads.
void set_process_environment(const Settings& settings) {
  for (const auto& [name, value] : settings.rules.variables) {
    if (name.find('.') == std::string::npos) {
      ::setenv(name.c_str(), value.c_str(), 1);
    }
  }
}

Application load(const Settings& settings, const ApplicationLoader& loader) {
  if (!settings.debug) return around(settings, loader(settings));
  try {
    return debug_pages()(around(settings, loader(settings)));
  } catch (const LoadError& error) {
    // Whoever develops mends it, and --reload notices.
    complain(error, exit_not_loaded);
    return failed_application(error);
  }
}

int serve_doors(Side side, const Settings& settings,
                const ApplicationLoader& loader) {
  service::start_log();  // systemd's journal may read
  const std::string protocol(word_of(side == Side::wrap ? Side::fcgi : side));
  // Where nothing will be served, what is wrong with the application is told
  // before that an endpoint is missing.
  const std::vector<service::Door> doors = make_doors(settings, protocol);
  if (!service::has_endpoint(doors)) load(settings, loader);
  return service::serve([&] { return load(settings, loader); }, doors,
                        settings.service, protocol);
}

int serve_once(Side side, const Settings& settings,
               const ApplicationLoader& loader, WarmCgi& warm) {
  if (side == Side::cgi) {
    if (settings.warm_query) return WarmCgi::tell(settings);
    const auto status =
        warm.serve(settings, [&] { return load(settings, loader); });
    if (status) return *status;
  }
  // Before the application is loaded: it must not write into the response.
  own_standard_streams(side == Side::run && !settings.http &&
                       !runner::reads_standard_input(settings.run));
  Application application;
  try {
    application = load(settings, loader);
  } catch (const std::exception& error) {
    if (side == Side::cgi) cgi::answer_not_loaded();
    return complain(error, exit_not_loaded);
  }
  if (side == Side::cgi) return cgi::serve(application, {settings.rules});
  if (settings.http) {
    return http::serve_pipe(application, {settings.rules, settings.run.fail});
  }
  return runner::serve(application, settings.run);
}

int prepare_and_serve(Side side, const Settings& settings,
                      const ApplicationLoader& loader, WarmCgi& warm) {
  service::set_log_level(settings.log_level);
  if (side == Side::cgi) warm.remember_origin(settings);
  set_process_environment(settings);
  if (!settings.chdir.empty() && ::chdir(settings.chdir.c_str()) != 0) {
    throw UsageError("--chdir: " + quoted(settings.chdir) + ": " +
                     std::strerror(errno) + "; give a directory");
  }
  // What is wrong with them is told before anything is served, unless they lie
  // where the root is to be.
  if (settings.service.chroot.empty()) {
    for (const auto& [prefix, directory] : settings.static_files) {
      static_files(prefix, directory);
    }
  }
  return is_service(side) || side == Side::wrap
             ? serve_doors(side, settings, loader)
             : serve_once(side, settings, loader, warm);
}

std::string_view file_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

/// The words that are the owner's.
std::vector<std::string> own_words(int argc, char** argv) {
  std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  if (argc > 0 && file_name(argv[0]) == wrap_name) {
    // Its service files may pass an empty word, for no options.
    std::erase(words, "");
    words.insert(words.begin(), "wrap");
  }
  if (!variable("GATEWAY_INTERFACE").empty()) {
    words = without_query_words(std::move(words), variable("QUERY_STRING"));
  }
  return words;
}

/// A first word that is nearly a command, and no application that there is.
void refuse_mistyped(const Program& program,
                     const std::vector<std::string>& words) {
  if (words.empty()) return;
  const std::string& word = words.front();
  if (word.find_first_of("-./:") != std::string::npos ||
      ::access(word.c_str(), F_OK) == 0) {
    return;
  }
  const std::string meant = meant_side(program, word);
  if (meant.empty()) return;
  throw UsageError("there is no command " + quoted(word) + "; did you mean " +
                   meant + "?");
}

/// `status`, unless what was printed could not be written, on a disk that is
/// full. A reader that has seen enough is no reason to complain.
int after_printing(int status) {
  errno = 0;
  if (std::cout.flush() || errno == EPIPE) return status;
  throw Error(std::string("standard output cannot be written: ") +
              std::strerror(errno));
}

int dispatch(const Program& program, std::vector<std::string> words,
             const ApplicationLoader& loader, WarmCgi& warm) {
  if (!words.empty() && words[0] == "status") {
    words.erase(words.begin());
    return show_status(program.name, std::move(words));
  }
  std::optional<Side> side = take_side(program, words);
  if (!side) {
    if (!words.empty() && (words[0] == "--help" || words[0] == "-h")) {
      std::cout << overview(program);
      return 0;
    }
    if (!words.empty() && words[0] == "--version") {
      std::cout << version() << '\n';
      return 0;
    }
    if (program.takes_app && words.empty() && variable("DECANT_APP").empty()) {
      std::cerr << overview(program);
      return exit_usage;
    }
    refuse_mistyped(program, words);
    side = choose_side();
  }
  const std::optional<Settings> settings = parse(program, *side, words);
  return settings ? prepare_and_serve(*side, *settings, loader, warm) : 0;
}

int run_caught(const Program& program, int argc, char** argv,
               const ApplicationLoader& loader) {
  try {
    std::vector<std::string> words = own_words(argc, argv);
    WarmCgi warm(words, argv);
    if (const auto status = warm.hand_over()) return *status;
    fill_standard_descriptors();
    return after_printing(dispatch(program, std::move(words), loader, warm));
  } catch (const UsageError& error) {
    return complain(error, exit_usage);
  } catch (const LoadError& error) {
    return complain(error, exit_not_loaded);
  } catch (const std::exception& error) {
    return complain(error, exit_failed);
  }
}

}  // namespace

Application around(const Settings& settings, Application application) {
  for (const auto& [prefix, directory] : settings.static_files) {
    application = static_files(prefix, directory)(std::move(application));
  }
  return settings.lint ? lint()(std::move(application)) : application;
}

int run(const Program& program, int argc, char** argv,
        const ApplicationLoader& loader) {
  return finish_runtime(run_caught(program, argc, argv, loader));
}

}  // namespace decant::command
