// SPDX-License-Identifier: MIT
// The server side for HTTP/1.x through a pipe: `run --http`, inetd.
#pragma once

#include "decant/gateway.hpp"

namespace decant::http {

/// What a session of requests came to.
struct SessionResult {
  bool failed = false;     ///< the application failed on one of them
  int largest_status = 0;  ///< of all responses
};

/// Serves the requests that `input` holds until its end, an error after which
/// messages cannot be told apart, or a response that closes. Borrows both
/// descriptors.
SessionResult serve_session(int input, int output,
                            const Application& application,
                            const normaliser::Rules& rules);

struct PipeOptions {
  normaliser::Rules rules;
  /// Exit status 22 when a status is 400 or more.
  bool fail = false;
};

/// Serves the requests on standard input, as many as come. Gives the exit
/// status: 0, 1 the application failed, 22 with `fail`.
int serve_pipe(const Application& application, const PipeOptions& options);

}  // namespace decant::http
