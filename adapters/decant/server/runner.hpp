// SPDX-License-Identifier: MIT
// The server side for the shell: PEP 3333's run_with_cgi, one request made
// from the command line, or a pipe of HTTP requests.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "decant/gateway.hpp"

namespace decant::runner {

/// A request as `decant run APP TARGET -X ... -H ... -d ...` spells it.
struct Request {
  std::string target;                ///< "/path?query" or an http(s) URL
  std::string method;                ///< empty: GET, or POST with data
  std::vector<std::string> headers;  ///< "Name: value"
  std::optional<std::string> data;   ///< text, "@FILE" or "@-" (stdin)
};

/// What is printed of a response.
enum class Form { cgi, http, body };

struct Options {
  normaliser::Rules rules;
  /// Without it the variables come from the process environment.
  std::optional<Request> request;
  Form form = Form::cgi;
  /// Exit status 22 when the status is 400 or more.
  bool fail = false;
};

/// True when the request, or its body, comes by standard input.
bool reads_standard_input(const Options& options);

/// Serves and gives the exit status: 0 a response was produced, 1 the
/// application failed, 22 with `fail`. Throws UsageError for a request that
/// cannot be made: a malformed header, a file that cannot be read.
int serve(const Application& application, const Options& options = {});

}  // namespace decant::runner
