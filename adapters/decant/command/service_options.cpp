// SPDX-License-Identifier: MIT
#include "decant/command/service_options.hpp"

#include <CLI/CLI.hpp>
#include <charconv>

#include "decant/command/option_values.hpp"

namespace decant::command {
namespace {

constexpr Choices<service::AccessFormat, 3> access_formats = {
    {{"common", service::AccessFormat::common},
     {"combined", service::AccessFormat::combined},
     {"json", service::AccessFormat::json}}};

mode_t parse_mode(std::string_view text) {
  unsigned mode = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error != std::errc{} || end != text.data() + text.size() || mode > 0777) {
    throw UsageError("--mode: " + decant::quoted(text) +
                     " is not a mode; give octal digits, as 0660");
  }
  return mode;
}

}  // namespace

void ServiceOptions::add_sockets(CLI::App& app) {
  app.add_option("--mode", mode_, "Mode of a unix socket (default 0600)")
      ->type_name("OCTAL");
  app.add_option("--owner", options_.socket.owner, "Owner of a unix socket")
      ->type_name("USER:GROUP");
  add_repeatable(app, "--allow-peer", allow_peer_,
                 "Peers that a TCP endpoint beyond loopback serves; "
                 "repeatable")
      ->type_name("CIDR");
}

void ServiceOptions::add_threads(CLI::App& app, const char* name,
                                 const char* description) {
  app.add_option(name, threads_, description)->type_name("N");
}

void ServiceOptions::add_processes(CLI::App& app) {
  app.add_option("--processes", processes_,
                 "Worker processes (default: the processors; 0 where the "
                 "socket is standard input); 0: serve in this process")
      ->type_name("N");
  add_threads(app, "--threads",
              "Requests that a process serves at the same time (default 4); "
              "1: in the main thread");
  app.add_flag("--preload", options_.preload,
               "Load the application once, before the workers are forked");
  app.add_flag("--reload", options_.reload,
               "Start new workers when a file of the application changes");
  app.add_option("--max-requests", max_requests_,
                 "Replace a worker after N requests and a random number up "
                 "to JITTER (default 0, never)")
      ->type_name("N[,JITTER]")
      ->delimiter('\0');
  app.add_option("--max-memory", max_memory_,
                 "Replace a worker that has more resident memory (default "
                 "0, never)")
      ->type_name("BYTES");
  app.add_option("--idle-exit", idle_exit_,
                 "Stop after so long without a request (default 0, never)")
      ->type_name("SECONDS");
  app.add_option("--user", options_.user,
                 "Become this user, for good, once the sockets are open")
      ->type_name("USER");
  app.add_option("--group", options_.group, "Become this group as well")
      ->type_name("GROUP");
  app.add_option("--chroot", options_.chroot,
                 "Make this directory the root before the application is "
                 "loaded; needs --user")
      ->type_name("DIR");
  app.add_option("--pid-file", options_.pid_file,
                 "Write the process id there while the service runs")
      ->type_name("FILE");
}

void ServiceOptions::add_limits(CLI::App& app) {
  app.add_option(
         "--max-params", max_params_,
         "Largest variables of a request and how many there may be "
         "(default 1048576,10000; at an HTTP door 65536,100); more gives "
         "431")
      ->type_name("BYTES[,COUNT]")
      ->delimiter('\0');
  app.add_option("--max-body", max_body_,
                 "Largest request body (default 0, no limit); more gives "
                 "413")
      ->type_name("BYTES");
  app.add_option("--max-connections", max_connections_,
                 "Connections of a process; requests on further ones get "
                 "503 (default 0, no limit)")
      ->type_name("N");
  app.add_option("--spool", spool_,
                 "Read a request body of up to so many bytes before the "
                 "application is called (default 0)")
      ->type_name("BYTES");
  app.add_option("--timeout", timeout_,
                 "Time for a request; then 504, and its worker is replaced "
                 "if it does not end (default 0, any)")
      ->type_name("SECONDS");
  app.add_option("--header-timeout", header_timeout_,
                 "Time for the head of a request to arrive (default 30)")
      ->type_name("SECONDS");
  app.add_option("--io-timeout", io_timeout_,
                 "Time for each read or write in mid-request (default 60)")
      ->type_name("SECONDS");
  app.add_option("--idle-timeout", idle_timeout_,
                 "Close a connection after so long without a request "
                 "(default 0, never; at an HTTP door 60)")
      ->type_name("SECONDS");
  app.add_option("--load-timeout", load_timeout_,
                 "Time for the application to load; then it counts as one "
                 "that cannot be loaded (default 0, any)")
      ->type_name("SECONDS");
  app.add_option("--grace", grace_,
                 "Time for requests in flight after TERM (default 30)")
      ->type_name("SECONDS");
}

void ServiceOptions::add_observation(CLI::App& app) {
  service::LogSettings& logs = options_.logs;
  app.add_option("--log-file", logs.file,
                 "Add the lines of the log to a file (default: standard "
                 "error)")
      ->type_name("PATH");
  app.add_option("--access-log", logs.access_file,
                 "Add a line for each request to a file, or to standard "
                 "output with -")
      ->type_name("PATH|-");
  app.add_option("--access-format", access_format_,
                 "Lines of the access log: common, combined or json, each "
                 "with the time taken (default common)")
      ->type_name("FORMAT");
  app.add_option("--status", options_.status,
                 "Serve status and metrics over HTTP there: unix:PATH or "
                 "HOST:PORT; read with 'decant status'")
      ->type_name("ENDPOINT");
}

void ServiceOptions::finish(normaliser::Rules& rules) {
  for (const std::string& network : allow_peer_) {
    options_.socket.allow_peer.push_back(service::Network::parse(network));
  }
  options_.socket.mode = parse_mode(mode_);
  finish_processes();
  options_.limits = limits(options_.limits);
  rules.max_body = parse_number("--max-body", max_body_);
  // "-" is what the other log calls standard output.
  if (options_.logs.file == "-") options_.logs.file.clear();
  options_.logs.access_format =
      choose("--access-format", access_format_, access_formats);
}

void ServiceOptions::finish_processes() {
  if (processes_) {
    options_.processes =
        static_cast<int>(parse_number("--processes", *processes_, 0, 1024));
  }
  options_.threads =
      static_cast<int>(parse_number("--threads", threads_, 1, 1024));
  const auto [requests, jitter] = parse_pair("--max-requests", max_requests_);
  options_.max_requests = requests;
  options_.max_requests_jitter = jitter.value_or(0);
  options_.max_memory = parse_number("--max-memory", max_memory_);
  options_.load_timeout = parse_seconds("--load-timeout", load_timeout_);
  options_.idle_exit = parse_seconds("--idle-exit", idle_exit_);
}

service::Limits ServiceOptions::limits(service::Limits limits) const {
  const auto set_seconds =
      [](const char* option, const std::optional<std::string>& text,
         std::chrono::seconds& value, std::uint64_t least = 0) {
        if (text) value = parse_seconds(option, *text, least);
      };
  const auto set_number = [](const char* option,
                             const std::optional<std::string>& text,
                             auto& value) {
    if (text) value = parse_number(option, *text);
  };
  set_seconds("--timeout", timeout_, limits.timeout);
  set_seconds("--header-timeout", header_timeout_, limits.head_timeout, 1);
  set_seconds("--io-timeout", io_timeout_, limits.io_timeout, 1);
  set_seconds("--idle-timeout", idle_timeout_, limits.idle_timeout);
  set_seconds("--grace", grace_, limits.grace);
  set_number("--max-connections", max_connections_, limits.max_connections);
  set_number("--spool", spool_, limits.spool);
  if (!max_params_) return limits;
  const auto [bytes, count] = parse_pair("--max-params", *max_params_);
  limits.max_params = bytes;
  if (count) limits.max_param_count = *count;
  return limits;
}

}  // namespace decant::command
