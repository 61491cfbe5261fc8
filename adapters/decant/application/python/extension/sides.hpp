// SPDX-License-Identifier: MIT
// What the extension module needs of the rest of decant, which knows both
// sides. decant/command has it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "decant/application.hpp"
#include "decant/application/python.hpp"
#include "decant/service/hosted.hpp"

namespace decant::python::sides {

/// Options as the command line has them: "--threads", "4".
using Words = std::vector<std::string>;

/// `decant WORDS`: the whole command. Gives the exit status.
int run_command(const Words& words);

/// Answers the one request of this process, by CGI. Gives the exit status.
int serve_cgi(const Application& application);

/// A request that `decant run` could be given.
struct Request {
  std::string target;
  std::string method;                ///< empty: GET, or POST with data
  std::vector<std::string> headers;  ///< "Name: value"
  std::optional<std::string> data;
};

/// A response that was kept.
struct Answer {
  std::string status;  ///< "200 OK"
  Headers headers;
  std::string body;
  std::string errors;  ///< what came on wsgi.errors
};

/// Puts the request to the application. Throws UsageError, and what is wrong
/// with an option.
Answer answer(const Application& application, const Request& request,
              const Words& options);

/// A service that the caller hosts, and what its options put around the
/// application.
struct Opened {
  std::unique_ptr<service::HostedService> service;
  std::function<Application(Application)> around;
};

/// Opens a service; `protocol` is spoken where an endpoint names none. Throws
/// as service::HostedService does.
Opened open(const std::string& protocol, const Words& options);

/// Called in each process that serves.
using Load = std::function<Application(const Options& options)>;

/// Serves by processes that are forked from this one. Gives the exit status,
/// and in `signal` the signal that ended it, or 0.
int supervise(const std::string& protocol, const Words& options,
              const Load& load, int& signal);

/// Loads APP as the command does.
Application load(const std::string& app, const Options& options);

}  // namespace decant::python::sides
