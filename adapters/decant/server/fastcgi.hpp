// SPDX-License-Identifier: MIT
// The server side for FastCGI: a responder for nginx, Apache, lighttpd.
#pragma once

#include <string>
#include <vector>

#include "decant/gateway.hpp"
#include "decant/service/listener.hpp"
#include "decant/service/limits.hpp"

namespace decant::fastcgi {

struct Options {
  cgi_request::Rules rules;
  /// "unix:/run/x.sock", "127.0.0.1:9000", "[::1]:9000", "fd:3". Empty: the
  /// sockets of systemd (LISTEN_FDS), else standard input.
  std::vector<std::string> listen;
  service::SocketSettings socket;
  service::Limits limits;
  /// Requests served at the same time.
  int threads = 4;
  /// Answers the authorizer role too; else only responder.
  bool authorizer = false;
  /// Sends wsgi.errors to the web server in STDERR records, not to our log.
  bool errors_to_server = false;
};

/// Opens the endpoints and serves until TERM or INT. Gives the exit status.
/// Throws UsageError for an endpoint that is none and without any, Error when
/// one cannot be opened: in use, not allowed.
int serve(const Application& application, const Options& options);

}  // namespace decant::fastcgi
