// SPDX-License-Identifier: MIT
// `decant run --http`: HTTP/1.x requests from one descriptor, responses to
// another.
#pragma once

#include "decant/gateway.hpp"

namespace decant::runner {

/// What a session of requests came to.
struct SessionResult {
  bool failed = false;     ///< the application failed on one of them
  int largest_status = 0;  ///< of all responses
};

/// Serves the requests that `input` holds until its end, an error after which
/// messages cannot be told apart, or a response that closes. Borrows both
/// descriptors.
SessionResult serve_http(int input, int output, const Application& application,
                         const cgi_request::Rules& rules);

}  // namespace decant::runner
