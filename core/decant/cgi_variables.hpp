// SPDX-License-Identifier: MIT
// CGI variables as a web server would send them (RFC 3875 section 4.1): made
// from a command line or an HTTP message, or found in the process environment.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "decant/variables.hpp"

namespace decant::cgi_variables {

/// The environment of this process as variables. The views stay valid until
/// the environment is changed.
Variables process_environment();

/// True for "host", "host:port" and "[::1]:port" (RFC 9110 section 7.2). User
/// information is no part of it.
bool is_host(std::string_view text) noexcept;

/// The variable of a request header: "HTTP_USER_AGENT" for "User-Agent",
/// "CONTENT_TYPE" for "Content-Type" (RFC 3875 section 4.1.18).
std::string variable_of(std::string_view header);

/// A request target taken apart (RFC 9112 section 3.2).
struct Target {
  std::string_view scheme;     ///< "http", "https", or empty in origin-form
  std::string_view authority;  ///< "host:port", or empty in origin-form
  std::string_view path;       ///< still percent-encoded; "/" at least
  std::string_view query;
  std::string_view raw;  ///< path and query as they came; "*"

  /// "/path?query", "http://host/path?query" or, for OPTIONS, "*"; no value
  /// for others. A fragment is left out.
  static std::optional<Target> parse(std::string_view method,
                                     std::string_view text);
};

/// CGI variables with the memory behind them.
class RequestVariables {
 public:
  /// Adds what the request line says and what a server adds of itself.
  RequestVariables(std::string_view method, const Target& target,
                   std::string_view protocol, std::string_view remote_address);
  // The views lead into the deque, whose elements stay where they are when it
  // is moved.
  RequestVariables(RequestVariables&&) = default;
  RequestVariables& operator=(RequestVariables&&) = default;

  /// Adds a variable; repeats are kept.
  void add(std::string_view name, std::string_view value);
  /// Adds the host that the request is for, unless there is one or it is empty.
  void add_host(std::string_view authority);
  /// Adds a request header under its CGI name (RFC 3875 section 4.1.18). A Host
  /// does not replace the one there is.
  void add_header(std::string_view name, std::string_view value);
  bool contains(std::string_view name) const;

  const Variables& view() const noexcept { return view_; }

 private:
  std::deque<std::string> kept_;
  Variables view_;
};

}  // namespace decant::cgi_variables
