// SPDX-License-Identifier: MIT
#include "decant/command/command_line.hpp"

#include <CLI/CLI.hpp>
#include <array>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <limits>

#include "decant/error.hpp"
#include "decant/number.hpp"
#include "decant/path.hpp"
#include "decant/text.hpp"

#ifndef DECANT_PYTHON_VERSION
#define DECANT_PYTHON_VERSION "not built in"
#endif

namespace decant::command {
namespace {

struct SideText {
  Side side;
  const char* word;
  const char* description;
  const char* examples;  // PROGRAM and APP are put in
};

constexpr std::array<SideText, 4> sides = {{
    {Side::cgi, "cgi",
     "Answer one CGI request: variables from the environment, body from "
     "standard input, response on standard output.",
     "Examples:\n"
     "  REQUEST_METHOD=GET PATH_INFO=/x PROGRAM cgiAPP\n"
     "  in cgi-bin, as an executable script:\n"
     "    #!/bin/sh\n"
     "    exec PROGRAM cgiAPP\n"},
    {Side::fcgi, "fcgi",
     "Serve FastCGI until TERM: a responder for nginx, Apache, lighttpd.",
     "Examples:\n"
     "  PROGRAM fcgiAPP --listen unix:/run/app.sock --mode 0660\n"
     "  PROGRAM fcgiAPP --listen 127.0.0.1:9000 --threads 8\n"
     "  spawn-fcgi -s /run/app.sock -n -- PROGRAM fcgiAPP\n"
     "nginx:\n"
     "  location / { include fastcgi_params;\n"
     "               fastcgi_pass unix:/run/app.sock; }\n"},
    {Side::run, "run",
     "Run one request from the shell, or many through a pipe.",
     "Examples:\n"
     "  PROGRAM runAPP '/path?q=1'\n"
     "  PROGRAM runAPP /form -d name=value -H 'Accept: text/plain'\n"
     "  PROGRAM runAPP /upload -d @photo.jpg --as body\n"
     "  printf 'GET / HTTP/1.0\\r\\n\\r\\n' | PROGRAM runAPP --http\n"},
    {Side::wrap, "wrap",
     "Serve any CGI program that the web server names, with fcgiwrap's "
     "options.",
     "Examples:\n"
     "  PROGRAM wrap -c 4 -f -s unix:/run/fcgiwrap.sock\n"
     "  PROGRAM wrap -p /usr/lib/cgit/cgit.cgi -s unix:/run/cgit.sock\n"
     "nginx:\n"
     "  location /cgi-bin/ {\n"
     "    include fastcgi_params;\n"
     "    fastcgi_param SCRIPT_FILENAME /usr/lib$fastcgi_script_name;\n"
     "    fastcgi_pass unix:/run/fcgiwrap.sock; }\n"},
}};

const SideText& text_of(Side side) {
  return *std::find_if(sides.begin(), sides.end(),
                       [side](const SideText& t) { return t.side == side; });
}

std::string filled_in(std::string text, const Program& program) {
  const auto replace = [&text](std::string_view what, const std::string& by) {
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + by.size())) {
      text.replace(at, what.size(), by);
    }
  };
  replace("PROGRAM", program.name);
  replace("APP", program.takes_app ? " ./hello.so" : "");
  return text;
}

std::string one_line(std::string_view text) {
  std::string line;
  append_escaped(line, text);
  return line;
}

std::uint64_t parse_number(
    std::string_view option, std::string_view text, std::uint64_t least = 0,
    std::uint64_t most = std::numeric_limits<std::int64_t>::max()) {
  const auto number = decant::parse_number<std::uint64_t>(text);
  if (!number) {
    throw UsageError(std::string(option) + ": " + decant::quoted(text) +
                     " is not a number; give digits only");
  }
  if (*number < least || *number > most) {
    throw UsageError(std::string(option) + ": " + std::string(text) +
                     " is not between " + std::to_string(least) + " and " +
                     std::to_string(most));
  }
  return *number;
}

template <class Value, std::size_t size>
using Choices = std::array<std::pair<const char*, Value>, size>;

constexpr Choices<service::LogLevel, 4> log_levels = {
    {{"error", service::LogLevel::error},
     {"warning", service::LogLevel::warning},
     {"info", service::LogLevel::info},
     {"debug", service::LogLevel::debug}}};
constexpr Choices<service::AccessFormat, 3> access_formats = {
    {{"common", service::AccessFormat::common},
     {"combined", service::AccessFormat::combined},
     {"json", service::AccessFormat::json}}};
constexpr Choices<runner::Form, 3> forms = {{{"cgi", runner::Form::cgi},
                                             {"http", runner::Form::http},
                                             {"body", runner::Form::body}}};
constexpr Choices<bool, 3> roles = {{{"responder", false},
                                     {"responder,authorizer", true},
                                     {"authorizer,responder", true}}};
constexpr Choices<fastcgi::EngineName, 2> engines = {
    {{"records", fastcgi::EngineName::records},
     {"libfcgi", fastcgi::EngineName::libfcgi}}};

template <class Value, std::size_t size>
Value choose(std::string_view option, const std::string& text,
             const Choices<Value, size>& choices) {
  std::string names;
  for (const auto& [name, value] : choices) {
    if (text == name) return value;
    names += (names.empty() ? "" : " ") + std::string(name);
  }
  throw UsageError(std::string(option) + ": " + decant::quoted(text) +
                   " is not one of: " + names);
}

/// One side's options, bound to the texts they are given as.
class Parser {
 public:
  Parser(const Program& program, Side side)
      : program_(program),
        side_(side),
        app_(text_of(side).description,
             program.name + ' ' + text_of(side).word) {
    app_.footer(filled_in(text_of(side).examples, program));
    if (takes_app()) {
      app_.add_option("APP", settings_.app,
                      "The application, [KIND:]REST: ./hello.so, ./app.py, "
                      "module:callable, ./script.cgi, program:./cgi-bin/")
          ->type_name("")
          ->configurable(false);
    }
    if (side == Side::run) add_run_options();
    if (side == Side::fcgi) add_fcgi_options();
    if (side == Side::wrap) add_wrap_options();
    if (takes_app()) add_python_options();
    if (program.takes_app) add_program_options();
    add_shared_options();
  }

  std::optional<Settings> parse(std::vector<std::string> words) {
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    try {
      app_.parse(std::move(words));
    } catch (const CLI::CallForHelp&) {
      std::cout << app_.help();
      return std::nullopt;
    } catch (const CLI::CallForVersion& request) {
      std::cout << request.what() << '\n';
      return std::nullopt;
    } catch (const CLI::ConfigError& error) {
      throw UsageError("--config: " + one_line(error.what()) +
                       "; the keys are the long options of '" +
                       app_.get_name() + " --help', as threads = 2");
    } catch (const CLI::ParseError& error) {
      throw UsageError(one_line(error.what()) + "; try '" + app_.get_name() +
                       " --help'");
    }
    return finish();
  }

 private:
  void add_shared_options() {
    app_.add_option("--script-name", script_name_,
                    "Mount point: SCRIPT_NAME is this prefix, PATH_INFO what "
                    "follows it")
        ->type_name("PREFIX");
    app_.add_option("--env", env_,
                    "Set a variable in every environ and, for names without a "
                    "dot, in the process environment; repeatable")
        ->type_name("NAME=VALUE")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
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
    app_.add_option("--python-path", settings_.python.python_path,
                    "Python: a directory before the rest of sys.path; "
                    "repeatable")
        ->type_name("DIR")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app_.add_option("--venv", settings_.python.venv,
                    "Python: the virtual environment (default VIRTUAL_ENV)")
        ->type_name("DIR");
    app_.add_flag("--isolated", settings_.python.isolated,
                  "Python: no site module, no PYTHON* variables, no user's "
                  "packages; starts faster");
  }

  bool takes_app() const { return program_.takes_app && side_ != Side::wrap; }

  void add_program_options() {
    app_.add_option("--program-timeout", program_timeout_,
                    "Programs: end one that for so long neither takes input "
                    "nor gives output (default 60; 0 never)")
        ->type_name("SECONDS");
    app_.add_option("--pass-env", settings_.program.pass_env,
                    "Programs: a variable of this process that they see; "
                    "repeatable")
        ->type_name("NAME")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    if (side_ == Side::wrap) return;
    app_.add_option("--extension", settings_.program.extensions,
                    "Programs beneath a directory: only those whose names end "
                    "so; repeatable")
        ->type_name(".EXT")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }

  void add_wrap_options() {
    fastcgi::Options& fcgi = settings_.fcgi;
    app_.add_option("-c", threads_,
                    "Programs that run at the same time (default 4)")
        ->type_name("N");
    app_.add_flag("-f", fcgi.errors_to_server,
                  "Send what programs write to standard error to the web "
                  "server's log, not to ours");
    app_.add_option("-s", fcgi.listen,
                    "unix:PATH, tcp:HOST:PORT or tcp6:[ADDRESS]:PORT (default: "
                    "the socket that systemd, spawn-fcgi or the web server "
                    "passes)")
        ->type_name("SOCKET")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app_.add_option("-p", settings_.allowed,
                    "Run this program, by its whole path, and no other; "
                    "repeatable")
        ->type_name("PATH")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    add_socket_options();
  }

  void add_socket_options() {
    app_.add_option("--mode", mode_, "Mode of a unix socket (default 0600)")
        ->type_name("OCTAL");
    app_.add_option("--owner", settings_.fcgi.socket.owner,
                    "Owner of a unix socket")
        ->type_name("USER:GROUP");
    app_.add_option("--allow-peer", allow_peer_,
                    "Peers that a TCP endpoint beyond loopback serves; "
                    "repeatable")
        ->type_name("CIDR")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
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
    app_.add_option("-H,--header", request_.headers,
                    "Request header; repeatable")
        ->type_name("'NAME: VALUE'")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app_.add_option("-d,--data", data_,
                    "Request body: text, @FILE, or @- for standard input")
        ->type_name("DATA");
    app_.add_option("--as", form_,
                    "What is printed: cgi, http or body (default cgi)")
        ->type_name("FORM");
    app_.add_flag("--http", settings_.run.http,
                  "Read HTTP/1.0 and 1.1 requests from standard input, as "
                  "many as come");
    app_.add_flag("--fail", settings_.run.fail,
                  "Exit with 22 when the status is 400 or more");
  }

  void add_fcgi_options() {
    fastcgi::Options& fcgi = settings_.fcgi;
    app_.add_option("--listen", fcgi.listen,
                    "unix:PATH, HOST:PORT, [::1]:PORT or fd:N; repeatable "
                    "(default: the socket that systemd, spawn-fcgi or the web "
                    "server passes)")
        ->type_name("ENDPOINT")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    add_socket_options();
    add_process_options();
    add_limit_options();
    add_log_options();
    app_.add_option("--roles", roles_,
                    "Roles to answer: responder, or responder,authorizer "
                    "(default responder)")
        ->type_name("ROLES")
        ->delimiter('\0');
    app_.add_option("--engine", engine_,
                    "What speaks FastCGI: records, which is decant itself, or "
                    "libfcgi (default records)")
        ->type_name("ENGINE");
    app_.add_flag("--errors-to-server", fcgi.errors_to_server,
                  "Send wsgi.errors to the web server's log, not to ours");
    app_.add_option("--status", fcgi.status,
                    "Serve status and metrics over HTTP there: unix:PATH or "
                    "HOST:PORT; read with 'decant status'")
        ->type_name("ENDPOINT");
  }

  void add_process_options() {
    fastcgi::Options& fcgi = settings_.fcgi;
    app_.add_option("--processes", processes_,
                    "Worker processes (default: the processors; 0 where the "
                    "socket is standard input); 0: serve in this process")
        ->type_name("N");
    app_.add_option("--threads", threads_,
                    "Requests that a process serves at the same time (default "
                    "4); 1: in the main thread")
        ->type_name("N");
    app_.add_flag("--preload", fcgi.preload,
                  "Load the application once, before the workers are forked");
    app_.add_flag("--reload", fcgi.reload,
                  "Start new workers when a file of the application changes");
    app_.add_option("--max-requests", max_requests_,
                    "Replace a worker after N requests and a random number up "
                    "to JITTER (default 0, never)")
        ->type_name("N[,JITTER]")
        ->delimiter('\0');
    app_.add_option("--max-memory", max_memory_,
                    "Replace a worker that has more resident memory (default "
                    "0, never)")
        ->type_name("BYTES");
    app_.add_option("--idle-exit", idle_exit_,
                    "Stop after so long without a request (default 0, never)")
        ->type_name("SECONDS");
    app_.add_option("--user", fcgi.user,
                    "Become this user, for good, once the sockets are open")
        ->type_name("USER");
    app_.add_option("--group", fcgi.group, "Become this group as well")
        ->type_name("GROUP");
    app_.add_option("--chroot", fcgi.chroot,
                    "Make this directory the root before the application is "
                    "loaded; needs --user")
        ->type_name("DIR");
    app_.add_option("--pid-file", fcgi.pid_file,
                    "Write the process id there while the service runs")
        ->type_name("FILE");
  }

  void add_limit_options() {
    app_.add_option("--max-params", max_params_,
                    "Largest variables of a request and how many there may be "
                    "(default 1048576,10000); more gives 431")
        ->type_name("BYTES[,COUNT]")
        ->delimiter('\0');
    app_.add_option("--max-body", max_body_,
                    "Largest request body (default 0, no limit); more gives "
                    "413")
        ->type_name("BYTES");
    app_.add_option("--max-connections", max_connections_,
                    "Connections of a process; requests on further ones get "
                    "503 (default 0, no limit)")
        ->type_name("N");
    app_.add_option("--spool", spool_,
                    "Read a request body of up to so many bytes before the "
                    "application is called (default 0)")
        ->type_name("BYTES");
    app_.add_option("--timeout", timeout_,
                    "Time for a request; then 504, and its worker is replaced "
                    "if it does not end (default 0, any)")
        ->type_name("SECONDS");
    app_.add_option("--header-timeout", header_timeout_,
                    "Time for the head of a request to arrive (default 30)")
        ->type_name("SECONDS");
    app_.add_option("--io-timeout", io_timeout_,
                    "Time for each read or write in mid-request (default 60)")
        ->type_name("SECONDS");
    app_.add_option("--idle-timeout", idle_timeout_,
                    "Close a connection after so long without a request "
                    "(default 0, never)")
        ->type_name("SECONDS");
    app_.add_option("--grace", grace_,
                    "Time for requests in flight after TERM (default 30)")
        ->type_name("SECONDS");
  }

  void add_log_options() {
    service::LogSettings& logs = settings_.fcgi.logs;
    app_.add_option("--log-file", logs.file,
                    "Add the lines of the log to a file (default: standard "
                    "error)")
        ->type_name("PATH");
    app_.add_option("--access-log", logs.access_file,
                    "Add a line for each request to a file, or to standard "
                    "output with -")
        ->type_name("PATH|-");
    app_.add_option("--access-format", access_format_,
                    "Lines of the access log: common, combined or json, each "
                    "with the time taken (default common)")
        ->type_name("FORMAT");
  }

  Settings finish() {
    finish_shared();
    if (side_ == Side::wrap) finish_wrap();
    if (side_ == Side::fcgi || side_ == Side::wrap) finish_fcgi();
    if (side_ == Side::run) finish_run();
    settings_.fcgi.rules = settings_.rules;
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
    settings_.fcgi.processes = 0;  // programs are processes of their own
    for (std::string& socket : settings_.fcgi.listen) {
      for (const std::string_view scheme : {"tcp:", "tcp6:"}) {
        if (socket.starts_with(scheme)) socket.erase(0, scheme.size());
      }
    }
  }

  void finish_run() {
    settings_.run.form = choose("--as", form_, forms);
    const bool made = !request_.method.empty() || !request_.headers.empty() ||
                      data_.has_value();
    if (settings_.run.http && (target_ || made)) {
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

  void finish_fcgi() {
    fastcgi::Options& fcgi = settings_.fcgi;
    for (const std::string& network : allow_peer_) {
      fcgi.socket.allow_peer.push_back(service::Network::parse(network));
    }
    fcgi.socket.mode = parse_mode();
    finish_processes();
    finish_limits();
    settings_.python.grace = fcgi.limits.grace;
    // "-" is what the other log calls standard output.
    if (fcgi.logs.file == "-") fcgi.logs.file.clear();
    fcgi.logs.access_format =
        choose("--access-format", access_format_, access_formats);
    fcgi.authorizer = choose("--roles", roles_, roles);
    fcgi.engine = choose("--engine", engine_, engines);
  }

  void finish_processes() {
    fastcgi::Options& fcgi = settings_.fcgi;
    if (processes_) {
      fcgi.processes =
          static_cast<int>(parse_number("--processes", *processes_, 0, 1024));
    }
    fcgi.threads =
        static_cast<int>(parse_number("--threads", threads_, 1, 1024));
    const auto [requests, jitter] = parse_pair("--max-requests", max_requests_);
    fcgi.max_requests = requests;
    fcgi.max_requests_jitter = jitter.value_or(0);
    fcgi.max_memory = parse_number("--max-memory", max_memory_);
    fcgi.idle_exit = parse_seconds("--idle-exit", idle_exit_);
  }

  void finish_limits() {
    service::Limits& limits = settings_.fcgi.limits;
    limits.timeout = parse_seconds("--timeout", timeout_);
    limits.head_timeout = parse_seconds("--header-timeout", header_timeout_, 1);
    limits.io_timeout = parse_seconds("--io-timeout", io_timeout_, 1);
    limits.idle_timeout = parse_seconds("--idle-timeout", idle_timeout_);
    limits.grace = parse_seconds("--grace", grace_);
    limits.max_connections =
        parse_number("--max-connections", max_connections_);
    limits.spool = parse_number("--spool", spool_);
    settings_.rules.max_body = parse_number("--max-body", max_body_);
    const auto [bytes, count] = parse_pair("--max-params", max_params_);
    limits.max_params = bytes;
    if (count) limits.max_param_count = *count;
  }

  /// "N" or "N,M".
  static std::pair<std::uint64_t, std::optional<std::uint64_t>> parse_pair(
      const char* option, std::string_view text) {
    const std::size_t comma = text.find(',');
    const std::uint64_t first = parse_number(option, text.substr(0, comma));
    if (comma == std::string_view::npos) return {first, std::nullopt};
    return {first, parse_number(option, text.substr(comma + 1))};
  }

  static std::chrono::seconds parse_seconds(const char* option,
                                            const std::string& text,
                                            std::uint64_t least = 0) {
    constexpr std::uint64_t most = 10ULL * 365 * 24 * 3600;
    return std::chrono::seconds(parse_number(option, text, least, most));
  }

  mode_t parse_mode() const {
    unsigned mode = 0;
    const auto [end, error] =
        std::from_chars(mode_.data(), mode_.data() + mode_.size(), mode, 8);
    if (error != std::errc{} || end != mode_.data() + mode_.size() ||
        mode > 0777) {
      throw UsageError("--mode: " + decant::quoted(mode_) +
                       " is not a mode; give octal digits, as 0660");
    }
    return mode;
  }

  const Program& program_;
  Side side_;
  CLI::App app_;
  Settings settings_;
  std::string log_level_ = "info";
  std::string form_ = "cgi";
  std::optional<std::string> script_name_;
  std::vector<std::string> env_;
  std::optional<std::string> target_;
  std::optional<std::string> data_;
  runner::Request request_;
  std::string mode_ = "0600";
  std::vector<std::string> allow_peer_;
  std::string max_params_ = "1048576,10000";
  std::string max_body_ = "0";
  std::string grace_ = "30";
  std::string access_format_ = "common";
  std::string roles_ = "responder";
  std::string engine_ = "records";
  std::string max_requests_ = "0";
  std::string max_memory_ = "0";
  std::string max_connections_ = "0";
  std::string spool_ = "0";
  std::string timeout_ = "0";
  std::string header_timeout_ = "30";
  std::string io_timeout_ = "60";
  std::string idle_timeout_ = "0";
  std::string idle_exit_ = "0";
  std::optional<std::string> processes_;
  std::string threads_ = "4";
  std::string program_timeout_ = "60";
};

}  // namespace

std::optional<Side> take_side(const Program& program,
                              std::vector<std::string>& words) {
  if (words.empty()) return std::nullopt;
  for (const SideText& text : sides) {
    if (words.front() != text.word) continue;
    if (text.side == Side::wrap && !program.takes_app) continue;
    words.erase(words.begin());
    return text.side;
  }
  return std::nullopt;
}

std::optional<Settings> parse(const Program& program, Side side,
                              const std::vector<std::string>& words) {
  return Parser(program, side).parse(words);
}

std::string overview(const Program& program) {
  std::string out =
      "decant runs an application written against the WSGI "
      "contract behind any web server.\n\nUsage:\n";
  const std::string app = program.takes_app ? " APP" : "";
  for (const SideText& text : sides) {
    if (text.side == Side::wrap && !program.takes_app) continue;
    out += "  " + program.name + ' ' + text.word +
           (text.side == Side::wrap ? "" : app) +
           (text.side == Side::run ? " [TARGET]" : "") + " [OPTIONS]\n      " +
           text.description + '\n';
  }
  out += "  " + program.name +
         " status ENDPOINT [--watch] [--json]\n      Show what a running "
         "service does.\n";
  out += "  " + program.name + app +
         " [OPTIONS]\n      Choose: fcgi when standard input is a listening "
         "socket, cgi when\n      REQUEST_METHOD or GATEWAY_INTERFACE is set, "
         "else run.\n\n";
  if (program.takes_app) {
    out +=
        "APP is [KIND:]REST:\n"
        "  [native:]./hello.so[:SYMBOL]       a C++ plugin\n"
        "  [python:]./app.py[:CALLABLE]       a Python file\n"
        "  [python:]package.module:CALLABLE   a Python module\n"
        "  [program:]./script.cgi             a CGI program\n"
        "  [program:]./cgi-bin/               all of a directory\n"
        "Without APP, decant takes it from the variable DECANT_APP.\n\n";
  }
  return out + "Options of each: " + program.name +
         (program.takes_app ? " cgi|fcgi|run|wrap|status"
                            : " cgi|fcgi|run|status") +
         " --help\nVersions: " + program.name + " --version\n";
}

std::string version() {
  return "decant " DECANT_VERSION
         "\nengines: records, libfcgi " DECANT_LIBFCGI_VERSION
         "\nCLI11 " CLI11_VERSION ", Boost " DECANT_BOOST_VERSION
         "\nPython: " DECANT_PYTHON_VERSION;
}

}  // namespace decant::command
