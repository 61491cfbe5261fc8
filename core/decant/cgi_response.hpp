// SPDX-License-Identifier: MIT
// The head of a CGI response, written and parsed (RFC 3875 section 6).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "decant/headers.hpp"
#include "decant/status.hpp"

namespace decant::cgi_response {

/// Appends "Status: 200 OK", the headers and the empty line to `out`, each
/// line ended by CRLF. Status always comes first, even for 200 and with a
/// Location, so that no web server takes the response for a local redirect
/// (RFC 3875 section 6.2.2).
void write_head(std::string& out, const Status& status, const Headers& headers);

/// The head of a response that a CGI program wrote.
struct Head {
  Status status;
  Headers headers;
  std::size_t size;  ///< bytes up to and with the empty line
};

/// Parses the head at the front of `text`: lines ended by CRLF or LF up to the
/// first empty one. Without Status it is 302 where there is a Location, else
/// 200; a first line "HTTP/1.1 404 Not Found" is taken as the status (RFC 3875
/// section 5, nph). Gives no value while the empty line has not come. Throws
/// GatewayError (502) for a malformed line or a repeated Content-Length.
std::optional<Head> parse_head(std::string_view text);

}  // namespace decant::cgi_response
