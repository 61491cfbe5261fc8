// SPDX-License-Identifier: MIT
// The normaliser: what a web server really sends as CGI variables, made into
// the environ that PEP 3333 promises (RFC 3875 section 4.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "decant/environ.hpp"

namespace decant::normaliser {

/// How the request body ends.
enum class Framing {
  /// At CONTENT_LENGTH; without one there is none, but for a decoded chunked
  /// body, which goes to the end of the input (CGI).
  content_length,
  /// At CONTENT_LENGTH, or else at the end that the protocol marks (FastCGI).
  end_of_stream,
};

/// How a web server tells the path.
enum class Paths {
  split,  ///< in SCRIPT_NAME and PATH_INFO; what is absent is empty
  /// In SCRIPT_NAME alone where PATH_INFO is absent, as nginx and Apache do; in
  /// DOCUMENT_URI or REQUEST_URI where both are, as with nginx's scgi_params.
  whole_in_script_name,
};

/// What the person who deploys decides about every request of a service.
struct Rules {
  /// Mount point: SCRIPT_NAME becomes this, PATH_INFO what follows. Canonical
  /// (canonical_mount); no value means that SCRIPT_NAME is believed.
  std::optional<std::string> script_name;
  /// Added to every environ, in place of what the web server says.
  std::vector<std::pair<std::string, std::string>> variables;
  /// Longest request body in bytes; 0 means no limit.
  std::uint64_t max_body = 0;
  /// Drops hop-by-hop headers of the response, where an application that sets
  /// one would be answered with 500.
  bool lenient = false;
};

/// What a request is called in a log.
struct RequestLine {
  std::string_view method = "?";
  std::string_view target;  ///< REQUEST_URI, or else the path
};

/// From the raw variables: of a request that is refused they are all there is.
RequestLine request_line(const Variables& variables) noexcept;

/// The length in bytes of the body of a request with these variables; no value
/// means that it goes to the end of the input. Throws GatewayError: 400 for a
/// CONTENT_LENGTH that is not a number, 413 for one above `rules.max_body`.
std::optional<std::uint64_t> body_length(const Variables& variables,
                                         Framing framing, const Rules& rules);

/// Makes of the raw variables in `env` what an application is promised: joins
/// repeated headers, drops what is not to be believed, repairs the paths and
/// gives REQUEST_METHOD, SCRIPT_NAME, PATH_INFO, QUERY_STRING, SERVER_NAME,
/// SERVER_PORT and SERVER_PROTOCOL always. Throws GatewayError (400) for names
/// that are empty or hold '=', NUL or control bytes, and without a method.
void normalise(Paths convention, const Rules& rules, Environ& env);

}  // namespace decant::normaliser
