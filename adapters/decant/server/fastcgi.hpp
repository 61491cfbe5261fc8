// SPDX-License-Identifier: MIT
// The server side for FastCGI: a responder for nginx, Apache, lighttpd.
#pragma once

#include <string>
#include <vector>

#include "decant/service/service.hpp"

namespace decant::fastcgi {

/// What speaks the records.
enum class EngineName {
  records,  ///< decant itself
  libfcgi,  ///< the library; for trusted peers
};

/// What a person may set of a door.
struct DoorOptions {
  EngineName engine = EngineName::records;
  /// Answers the authorizer role too; else only responder.
  bool authorizer = false;
  /// Sends wsgi.errors to the web server in STDERR records, not to our log.
  bool errors_to_server = false;
};

/// A door at which FastCGI is spoken, for service::serve(). Throws Error when
/// the engine cannot be prepared.
service::Door on(std::string endpoint, const DoorOptions& options = {});

struct Options : service::Options, DoorOptions {
  /// An endpoint for each door; empty: the sockets that were passed.
  std::vector<std::string> listen;
};

/// service::serve() with doors of this protocol alone.
int serve(const Application& application, const Options& options);
int serve(const Loader& load, const Options& options);

}  // namespace decant::fastcgi
