// SPDX-License-Identifier: MIT
// What rows of the conformance table need, and not every column has.
#pragma once

#include <string>
#include <vector>

namespace decant::conformance {

enum class Need {
  // Of a server side.
  given_variables,     ///< the client of the suite says the CGI variables
  repeated_variables,  ///< a name may come more than once
  tls,                 ///< a request may come by https
  many_requests,       ///< one process serves them
  fresh_process,       ///< nothing was served before
  bytes_behind_body,   ///< a client may send more than it announced
  body_as_it_comes,    ///< the application is called before the body is whole
  unknown_length,      ///< a body may come without its length
  absent_length,       ///< CONTENT_LENGTH is absent where there is no body
  signals_cut,         ///< who cuts a response of unknown length is noticed
  joined_cookies,      ///< several Cookie headers are joined as cookies are
  empty_header,        ///< a header without a value is handed on
  unframed_post,       ///< a POST may have neither a body nor its length
  slash_in_path,       ///< %2F may stand in a path
  any_byte_in_path,    ///< so may any byte, percent-encoded
  any_byte_in_query,   ///< bytes above 0x7F may stand in a query
  given_reason,        ///< the reason phrase is the application's
  own_streams,         ///< the standard streams are not the suite's
  // Of a kind of applications.
  resident,      ///< it lives in the process of the service
  bare_log,      ///< its lines stand in the log as they are
  core_streams,  ///< it has the streams of C++
  unchecked,     ///< nothing stands around it that checks it
};

using Needs = std::vector<Need>;

/// Why a row does not apply where that is not there.
std::string reason(Need need);

}  // namespace decant::conformance
