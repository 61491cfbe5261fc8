// SPDX-License-Identifier: MIT
#include "decant/command/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>

#include "decant/command/help.hpp"
#include "decant/command/option_values.hpp"
#include "decant/command/service_options.hpp"
#include "decant/error.hpp"
#include "decant/path.hpp"
#include "decant/text.hpp"

namespace decant::command {
namespace {

constexpr Choices<service::LogLevel, 4> log_levels = {
    {{"error", service::LogLevel::error},
     {"warning", service::LogLevel::warning},
     {"info", service::LogLevel::info},
     {"debug", service::LogLevel::debug}}};
constexpr Choices<runner::Form, 3> forms = {{{"cgi", runner::Form::cgi},
                                             {"http", runner::Form::http},
                                             {"body", runner::Form::body}}};
constexpr Choices<bool, 3> roles = {{{"responder", false},
                                     {"responder,authorizer", true},
                                     {"authorizer,responder", true}}};
constexpr Choices<fastcgi::EngineName, 2> engines = {
    {{"records", fastcgi::EngineName::records},
     {"libfcgi", fastcgi::EngineName::libfcgi}}};

/// One side's options, bound to the texts they are given as.
class Parser {
 public:
  Parser(const Program& program, Side side)
      : program_(program),
        side_(side),
        app_(std::string(description_of(side)),
             program.name + ' ' + std::string(word_of(side))) {
    app_.footer(examples_of(side, program));
    if (takes_app()) {
      app_.add_option("APP", settings_.app,
                      "The application, [KIND:]REST: ./hello.so, ./app.py, "
                      "module:callable, ./script.cgi, program:./cgi-bin/")
          ->type_name("")
          ->configurable(false);
    }
    if (side == Side::cgi) add_cgi_options();
    if (side == Side::cgi || side == Side::fcgi || side == Side::run) {
      add_warm_option();
    }
    if (side == Side::run) add_run_options();
    if (is_service(side)) add_service_options();
    if (side == Side::fcgi) add_fcgi_options();
    if (side == Side::http) add_debug_option();
    if (side == Side::wrap) add_wrap_options();
    if (takes_app()) add_python_options();
    if (program.takes_app) add_program_options();
    if (side != Side::wrap) add_static_option();
    add_shared_options();
    let_the_last_count(app_);
  }

  std::optional<Settings> parse(std::vector<std::string> words) {
    if (!parse_words(app_, std::move(words))) return std::nullopt;
    return finish();
  }

 private:
  void add_shared_options() {
    app_.add_option("--script-name", script_name_,
                    "Mount point: SCRIPT_NAME is this prefix, PATH_INFO what "
                    "follows it")
        ->type_name("PREFIX");
    add_repeatable(app_, "--env", env_,
                   "Set a variable in every environ and, for names without a "
                   "dot, in the process environment; repeatable")
        ->type_name("NAME=VALUE");
    app_.add_flag("--lenient", settings_.rules.lenient,
                  "Drop hop-by-hop headers of the response, as Connection, in "
                  "place of answering 500");
    app_.add_flag("--lint", settings_.lint,
                  "Check the application and the server against the contract");
    app_.add_option("--log-level", log_level_,
                    "error, warning, info or debug (default info)")
        ->type_name("LEVEL");
    app_.set_config("--config", "", "Read options from a TOML file")
        ->type_name("FILE");
    app_.allow_config_extras(false);
    app_.set_version_flag("--version", version(), "Show versions and exit");
  }

  void add_python_options() {
    app_.add_option("--chdir", settings_.chdir,
                    "Go there first; relative paths begin there")
        ->type_name("DIR");
    add_repeatable(app_, "--python-path", settings_.python.python_path,
                   "Python: a directory before the rest of sys.path; "
                   "repeatable")
        ->type_name("DIR");
    app_.add_option("--venv", settings_.python.venv,
                    "Python: the virtual environment (default VIRTUAL_ENV)")
        ->type_name("DIR");
    app_.add_flag("--isolated", settings_.python.isolated,
                  "Python: no site module, no PYTHON* variables, no user's "
                  "packages; starts faster");
  }

  void add_static_option() {
    add_repeatable(app_, "--static", static_,
                   "Answer what lies beneath a prefix with the files of a "
                   "directory; repeatable")
        ->type_name("/PREFIX=DIR");
  }

  void finish_static() {
    for (const std::string& text : static_) {
      const std::size_t equals = text.find('=');
      if (!text.starts_with('/') || equals == std::string::npos ||
          equals + 1 == text.size()) {
        throw UsageError("--static: " + decant::quoted(text) +
                         " is not /PREFIX=DIR; give as /static=./static");
      }
      settings_.static_files.emplace_back(text.substr(0, equals),
                                          text.substr(equals + 1));
    }
    // The one that stands around the others is asked first.
    std::stable_sort(settings_.static_files.begin(),
                     settings_.static_files.end(),
                     [](const auto& one, const auto& other) {
                       return one.first.size() < other.first.size();
                     });
  }

  bool takes_app() const { return program_.takes_app && side_ != Side::wrap; }

  void add_program_options() {
    app_.add_option("--program-timeout", program_timeout_,
                    "Programs: end one that for so long neither takes input "
                    "nor gives output (default 60; 0 never)")
        ->type_name("SECONDS");
    add_repeatable(app_, "--pass-env", settings_.program.pass_env,
                   "Programs: a variable of this process that they see; "
                   "repeatable")
        ->type_name("NAME");
    if (side_ == Side::wrap) return;
    add_repeatable(app_, "--extension", settings_.program.extensions,
                   "Programs beneath a directory: only those whose names end "
                   "so; repeatable")
        ->type_name(".EXT");
  }

  /// A first line says it wherever the file is run.
  void add_warm_option() {
    app_.add_flag("--warm", warm_,
                  side_ == Side::cgi
                      ? "Leave a worker behind, to which later requests are "
                        "handed over, until none has come for SECONDS (default "
                        "300)"
                      : "For cgi: of no effect here")
        ->type_name("or --warm=SECONDS")
        // The program in front of the command reads no file.
        ->configurable(false);
  }

  void add_cgi_options() {
    app_.add_flag("--warm-status", warm_status_,
                  "Tell which warm workers of this user serve APP, and exit");
    app_.add_flag("--warm-stop", warm_stop_,
                  "Have them end once they have served what they serve");
    app_.add_option("--max-requests", max_requests_,
                    "A warm worker ends after so many requests (default 0, "
                    "never)")
        ->type_name("N");
  }

  void finish_cgi() {
    settings_.service.max_requests =
        parse_number("--max-requests", max_requests_);
    if (warm_status_) settings_.warm_query = warm::Kind::status;
    if (warm_stop_) settings_.warm_query = warm::Kind::stop;
    const char* const variable = std::getenv("DECANT_WARM");
    const bool by_option = !warm_.empty() && warm_ != "true";
    if (by_option) {
      settings_.warm = parse_seconds("--warm", warm_, 1);
    } else if (variable != nullptr && *variable != '\0') {
      const auto seconds = parse_seconds("DECANT_WARM", variable);
      if (seconds.count() != 0) settings_.warm = seconds;
    }
  }

  void add_wrap_options() {
    service_.add_threads(app_, "-c",
                         "Programs that run at the same time (default 4)");
    app_.add_flag("-f", settings_.fcgi.errors_to_server,
                  "Send what programs write to standard error to the web "
                  "server's log, not to ours");
    add_repeatable(app_, "-s", settings_.listen,
                   "unix:PATH, tcp:HOST:PORT or tcp6:[ADDRESS]:PORT (default: "
                   "the socket that systemd, spawn-fcgi or the web server "
                   "passes)")
        ->type_name("SOCKET");
    add_repeatable(app_, "-p", settings_.allowed,
                   "Run this program, by its whole path, and no other; "
                   "repeatable")
        ->type_name("PATH");
    service_.add_sockets(app_);
  }

  void add_run_options() {
    app_.add_option("TARGET", target_,
                    "Path with query, or URL; without it the CGI variables "
                    "come from the environment")
        ->type_name("")
        ->configurable(false);
    app_.add_option("-X,--request", request_.method,
                    "Method (default GET, POST with -d)")
        ->type_name("METHOD");
    add_repeatable(app_, "-H,--header", request_.headers,
                   "Request header; repeatable")
        ->type_name("'NAME: VALUE'");
    app_.add_option("-d,--data", data_,
                    "Request body: text, @FILE, or @- for standard input")
        ->type_name("DATA");
    app_.add_option("--as", form_,
                    "What is printed: cgi, http or body (default cgi)")
        ->type_name("FORM");
    app_.add_flag("--http", settings_.http,
                  "Read HTTP/1.0 and 1.1 requests from standard input, as "
                  "many as come");
    app_.add_flag("--fail", settings_.run.fail,
                  "Exit with 22 when the status is 400 or more");
  }

  void add_service_options() {
    add_repeatable(
        app_, "--listen", settings_.listen,
        "unix:PATH, HOST:PORT, [::1]:PORT or fd:N, with fcgi://, "
        "http://, scgi:// or uwsgi:// in front where it is another "
        "protocol than the command's; repeatable (default: the socket that "
        "systemd, spawn-fcgi or the web server passes)")
        ->type_name("ENDPOINT");
    service_.add_sockets(app_);
    service_.add_processes(app_);
    service_.add_limits(app_);
    service_.add_observation(app_);
    add_repeatable(app_, "--forwarded-allow",
                   settings_.http_door.forwarded_allow,
                   "HTTP: peers whose X-Forwarded-* are believed; repeatable "
                   "(default: none)")
        ->type_name("CIDR|unix");
    app_.add_flag("--proxy-protocol", settings_.http_door.proxy_protocol,
                  "HTTP: every connection begins with a PROXY header");
  }

  void add_debug_option() {
    app_.add_flag(
        "--debug", settings_.debug,
        "For development, on loopback: a page with the traceback for "
        "a request that failed, requests on the terminal, one process");
  }

  void add_fcgi_options() {
    app_.add_option("--roles", roles_,
                    "Roles to answer: responder, or responder,authorizer "
                    "(default responder)")
        ->type_name("ROLES")
        ->delimiter('\0');
    app_.add_option("--engine", engine_,
                    "What speaks FastCGI: records, which is decant itself, or "
                    "libfcgi (default records)")
        ->type_name("ENGINE");
    app_.add_flag("--errors-to-server", settings_.fcgi.errors_to_server,
                  "Send wsgi.errors to the web server's log, not to ours");
  }

  Settings finish() {
    finish_shared();
    if (side_ == Side::wrap) finish_wrap();
    if (is_service(side_) || side_ == Side::wrap) finish_service();
    if (side_ == Side::cgi) finish_cgi();
    if (side_ == Side::run) finish_run();
    settings_.service.rules = settings_.rules;
    settings_.run.rules = settings_.rules;
    return std::move(settings_);
  }

  void finish_shared() {
    if (takes_app() && settings_.app.empty()) {
      // A copy of the command in cgi-bin is told by its environment.
      const char* const app = std::getenv("DECANT_APP");
      if (app == nullptr || *app == '\0') {
        throw UsageError(
            "there is no APP; give one, as ./hello.so, or set "
            "DECANT_APP; try '" +
            app_.get_name() + " --help'");
      }
      settings_.app = app;
    }
    finish_static();
    settings_.log_level = choose("--log-level", log_level_, log_levels);
    if (script_name_) {
      settings_.rules.script_name = canonical_mount(*script_name_);
    }
    for (const std::string& assignment : env_) {
      const std::size_t equals = assignment.find('=');
      if (equals == std::string::npos || equals == 0) {
        throw UsageError("--env: " + decant::quoted(assignment) +
                         " is not an assignment; give NAME=VALUE");
      }
      settings_.rules.variables.emplace_back(assignment.substr(0, equals),
                                             assignment.substr(equals + 1));
    }
    settings_.program.variables = settings_.rules.variables;
    settings_.program.timeout = std::chrono::seconds(
        parse_number("--program-timeout", program_timeout_, 0, 1'000'000));
  }

  /// What fcgiwrap calls a socket, as an endpoint.
  void finish_wrap() {
    settings_.service.processes = 0;  // programs are processes of their own
    for (std::string& socket : settings_.listen) {
      for (const std::string_view scheme : {"tcp:", "tcp6:"}) {
        if (socket.starts_with(scheme)) socket.erase(0, scheme.size());
      }
    }
  }

  void finish_service() {
    service_.finish(settings_.rules);
    if (settings_.debug) {
      settings_.service.for_development = true;
      settings_.python.trace = true;
      if (!settings_.service.processes) settings_.service.processes = 1;
    }
    settings_.http_door.limits = service_.limits(http::default_limits());
    settings_.python.grace = settings_.service.limits.grace;
    settings_.program.grace = settings_.service.limits.grace;
    settings_.fcgi.authorizer = choose("--roles", roles_, roles);
    settings_.fcgi.engine = choose("--engine", engine_, engines);
  }

  void finish_run() {
    settings_.run.form = choose("--as", form_, forms);
    const bool made = !request_.method.empty() || !request_.headers.empty() ||
                      data_.has_value();
    if (settings_.http && (target_ || made)) {
      throw UsageError(
          "--http reads its requests from standard input; leave "
          "out TARGET, -X, -H and -d");
    }
    if (made && !target_) {
      throw UsageError("-X, -H and -d need a TARGET; give a path, as /");
    }
    if (!target_) return;
    request_.target = *target_;
    request_.data = data_;
    settings_.run.request = std::move(request_);
  }

  const Program& program_;
  Side side_;
  CLI::App app_;
  Settings settings_;
  std::string log_level_ = "info";
  std::string warm_;
  bool warm_status_ = false;
  bool warm_stop_ = false;
  std::string max_requests_ = "0";
  std::string form_ = "cgi";
  std::optional<std::string> script_name_;
  std::vector<std::string> env_;
  std::vector<std::string> static_;
  std::optional<std::string> target_;
  std::optional<std::string> data_;
  runner::Request request_;
  ServiceOptions service_{settings_.service};
  std::string roles_ = "responder";
  std::string engine_ = "records";
  std::string program_timeout_ = "60";
};

}  // namespace

std::optional<Settings> parse(const Program& program, Side side,
                              const std::vector<std::string>& words) {
  return Parser(program, side).parse(words);
}

}  // namespace decant::command
