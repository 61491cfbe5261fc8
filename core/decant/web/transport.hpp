// SPDX-License-Identifier: MIT
// How a client's request gets to an application, and the answer back.
#pragma once

#include <string>
#include <string_view>

#include "decant/cgi_variables.hpp"
#include "decant/gateway.hpp"
#include "decant/headers.hpp"

namespace decant::web {

/// What was answered.
struct Reply {
  int status = 0;           ///< 0 where nothing was, since nobody was left
  std::string status_line;  ///< "200 OK"
  Headers headers;
  std::string body;
  /// Where from: the last URL where redirects were followed.
  std::string url;
  /// Other than complete where a web server would see a failure.
  Outcome outcome = Outcome::complete;
  /// What went to the log, the gateway's own complaints among it.
  std::string log;

  /// The first value of a header, empty when absent.
  std::string_view header(std::string_view name) const;
};

/// A request as it goes out, which is known to be well formed. Borrows all.
struct Asked {
  std::string_view method;
  const cgi_variables::Target& target;  ///< with its scheme and host
  /// In order; Host, and where there is a body Content-Length among them.
  const Headers& headers;
  std::string_view body;
};

/// One way to an application. Used by one thread.
class Transport {
 public:
  virtual ~Transport() = default;
  /// Asks, and fills what is known of the answer but for its URL. Nothing that
  /// the application throws comes through; throws Error where the way itself
  /// fails.
  virtual Reply ask(const Asked& asked) = 0;
};

/// The variables that a web server would make of it (RFC 3875 section 4.1). A
/// body in chunks has been put together by then, so that Transfer-Encoding is
/// none of them.
cgi_variables::RequestVariables variables_of(const Asked& asked);

}  // namespace decant::web
