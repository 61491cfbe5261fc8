// SPDX-License-Identifier: MIT
// What the extension module of Python has of the command and of the server
// sides.
#include <algorithm>
#include <utility>

#include "decant/application/python/extension/sides.hpp"
#include "decant/command/command_line.hpp"
#include "decant/command/doors.hpp"
#include "decant/command/load.hpp"
#include "decant/command/run.hpp"
#include "decant/error.hpp"
#include "decant/server/cgi.hpp"
#include "decant/server/runner/answer.hpp"
#include "decant/service/log/log.hpp"
#include "decant/service/service.hpp"
#include "decant/text.hpp"

namespace decant::python::sides {
namespace {

using command::Settings;
using command::Side;

Settings parse(const std::string& name, Side side, const Words& words) {
  std::optional<Settings> settings =
      command::parse({.name = name, .takes_app = false}, side, words);
  if (!settings) throw UsageError(name + ": help is in its docstring");
  return std::move(*settings);
}

Settings parse_service(const std::string& protocol, const Words& options) {
  Words words{protocol};
  const auto side = command::take_side({.name = "decant"}, words);
  if (!side || !command::is_service(*side)) {
    throw UsageError("protocol: " + decant::quoted(protocol) +
                     " is none; give http, fcgi, scgi or uwsgi");
  }
  Settings settings = parse("decant.serve", *side, options);
  service::set_log_level(settings.log_level);
  return settings;
}

}  // namespace

int run_command(const Words& words) {
  Words all{"decant"};
  all.insert(all.end(), words.begin(), words.end());
  std::vector<char*> arguments;
  for (std::string& word : all) arguments.push_back(word.data());
  const int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  return command::run({.name = "decant", .takes_app = true}, count,
                      arguments.data(), command::load_named);
}

int serve_cgi(const Application& application) {
  return cgi::serve(application);
}

Answer answer(const Application& application, const Request& request,
              const Words& options) {
  const Settings settings = parse("decant.run", Side::run, options);
  runner::Answer answer = runner::answer(
      command::around(settings, application),
      {request.target, request.method, request.headers, request.data},
      settings.rules);
  return {std::move(answer.status), std::move(answer.headers),
          std::move(answer.body), std::move(answer.errors)};
}

Opened open(const std::string& protocol, const Words& options) {
  const Settings settings = parse_service(protocol, options);
  return {
      std::make_unique<service::HostedService>(
          command::make_doors(settings, protocol), settings.service, protocol),
      [settings](Application application) {
        return command::around(settings, std::move(application));
      }};
}

int supervise(const std::string& protocol, const Words& options,
              const Load& load, int& signal) {
  const Settings settings = parse_service(protocol, options);
  return service::serve(
      [&] { return command::around(settings, load(settings.python)); },
      command::make_doors(settings, protocol), settings.service, protocol,
      &signal);
}

Application load(const std::string& app, const Options& options) {
  return command::load(app, {.python = options});
}

}  // namespace decant::python::sides
