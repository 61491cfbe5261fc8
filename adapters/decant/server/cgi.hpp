// SPDX-License-Identifier: MIT
// The server side for CGI: one request from the process environment and
// standard input to standard output (RFC 3875).
#pragma once

#include "decant/gateway.hpp"

namespace decant::cgi {

struct Options {
  normaliser::Rules rules;
};

/// Answers the one request of this process. Takes standard input and output
/// out of the application's way. Gives the exit status of the process: 0 when
/// a response was sent or the client left, 1 when the application failed.
int serve(const Application& application, const Options& options = {});

/// How a request was answered.
struct Result {
  Outcome outcome;
  int exit_status;  ///< that of serve()
};

/// The same by descriptors that are out of the application's way already.
/// Borrows both; `output` may be the same as `input`.
Result serve_by(int input, int output, const Application& application,
                const Options& options = {});

/// Answers "Status: 500" because the application could not be loaded.
void answer_not_loaded();

}  // namespace decant::cgi
