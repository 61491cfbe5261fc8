// SPDX-License-Identifier: MIT
// The server side for FastCGI: a responder for nginx, Apache, lighttpd.
#pragma once

#include "decant/gateway.hpp"
#include "decant/service/service.hpp"

namespace decant::fastcgi {

/// What speaks the records.
enum class EngineName {
  records,  ///< decant itself
  libfcgi,  ///< the library; for trusted peers
};

struct Options : service::Options {
  EngineName engine = EngineName::records;
  cgi_request::Rules rules;
  /// Answers the authorizer role too; else only responder.
  bool authorizer = false;
  /// Sends wsgi.errors to the web server in STDERR records, not to our log.
  bool errors_to_server = false;
};

/// Opens the endpoints and serves until TERM or INT. Gives the exit status.
/// Throws UsageError for an endpoint that is none and without any, Error when
/// one or a log cannot be opened: in use, not allowed.
int serve(const Application& application, const Options& options);
/// Has each process that serves load the application by itself, before it
/// serves; 3 is the exit status when that fails, which the log says.
int serve(const Loader& load, const Options& options);

}  // namespace decant::fastcgi
