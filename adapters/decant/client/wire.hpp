// SPDX-License-Identifier: MIT
// A client's end of each protocol: bytes out, bytes in, no I/O.
#pragma once

#include <string>
#include <string_view>

#include "decant/web/transport.hpp"

namespace decant::client {

/// The request as it goes out. Throws UsageError for one that the protocol has
/// no place for.
std::string fastcgi_request(const web::Asked& asked);
std::string http_request(const web::Asked& asked);
std::string scgi_request(const web::Asked& asked);
std::string uwsgi_request(const web::Asked& asked);

/// Takes an answer, all that came until the connection ended, into `reply`.
/// False where it is not whole: its end, or bytes of its length, are missing.
/// Throws Error for what is no answer of that protocol.
bool read_fastcgi(std::string_view bytes, bool to_head, web::Reply& reply);
bool read_http(std::string_view bytes, bool to_head, web::Reply& reply);
/// As CGI has it, SCGI and uwsgi.
bool read_cgi(std::string_view bytes, bool to_head, web::Reply& reply);

/// Throws UsageError where a value holds a NUL, which neither an environment
/// nor SCGI can carry.
void require_no_nul(const Variables& variables);

}  // namespace decant::client
