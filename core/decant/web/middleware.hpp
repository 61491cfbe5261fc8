// SPDX-License-Identifier: MIT
// Middleware of the trade: each gives a function from application to
// application.
//
//     Application site = proxy_fix()(compress()(router));
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "decant/application.hpp"

namespace decant::web {

struct CompressOptions {
  /// From 1, fast, to 9, small.
  int level = 6;
  /// What is known to be smaller, in bytes, is left as it is.
  std::size_t least = 1024;
};

/// Sends texts as gzip to who accepts it (RFC 9110 section 12.5.3), and says so
/// in Vary. Left alone: what is small, what has a Content-Encoding or
/// Cache-Control: no-transform, 206, types that are compressed already or are
/// no text, and text/event-stream. A body of unknown size goes on chunk by
/// chunk, each as soon as it has come. A strong ETag becomes a weak one, since
/// the bytes are others (section 8.8.1).
///
/// What an attacker may place beside a secret in one text tells of the secret
/// by its size (BREACH): do not compress such pages.
Middleware compress(const CompressOptions& options = {});

/// How many proxies in front write a header, of which each adds its word at the
/// end: that of the outermost one of them is believed. 0: the header is not
/// looked at.
struct ProxyFixOptions {
  int address = 1;  ///< X-Forwarded-For: REMOTE_ADDR
  int scheme = 1;   ///< X-Forwarded-Proto: the scheme of the URL
  int host = 0;     ///< X-Forwarded-Host: HTTP_HOST
  int prefix = 0;   ///< X-Forwarded-Prefix: in front of SCRIPT_NAME
};

/// Believes what proxies say of the client, for CGI and other doors that do not
/// see who speaks. Only behind such proxies: whoever comes past them is
/// believed too. A header with fewer words than there are proxies, and a word
/// that cannot be read, change nothing. (For HTTP --forwarded-allow is the
/// better way: it knows the peers.)
Middleware proxy_fix(const ProxyFixOptions& options = {});

struct RequestIdOptions {
  std::string header = "X-Request-ID";
  /// Takes the id of the request, when it is 1 to 128 letters, digits, '-', '_'
  /// and '.'.
  bool trust = false;
};

/// Gives each request an id of 128 random bits in hexadecimal, for the
/// application as the request's header, and for the client as the response's.
Middleware request_id(const RequestIdOptions& options = {});

/// Takes how long the client will wait from a request header, a number of
/// `unit`s, at most `most`. When the time is over before the head has gone out,
/// the answer is 504; an application asks deadline() while it works. A header
/// that is no number is left alone.
Middleware timeout_header(
    const std::string& header = "X-Request-Timeout",
    std::chrono::milliseconds unit = std::chrono::seconds(1),
    std::chrono::milliseconds most = std::chrono::minutes(10));

/// When timeout_header() will have the time be over; nothing without one.
std::optional<std::chrono::steady_clock::time_point> deadline(Environ& env);

/// True when both are the same. How long it takes depends on the size of
/// `given` alone, not on where they differ.
bool equal_in_constant_time(std::string_view given, std::string_view secret);

/// Whether a password is that of a user; called from several threads at once.
using CheckPassword =
    std::function<bool(std::string_view user, std::string_view password)>;

/// Lets in who has a password (RFC 7617), and tells the application by
/// REMOTE_USER and AUTH_TYPE; all others are answered with 401. Over HTTPS
/// only: the password is sent as it is. Throws UsageError for a realm with
/// quotes or control characters.
Middleware basic_auth(const std::string& realm, CheckPassword check);
/// The same for a few users with their passwords, which are compared in
/// constant time; a user that is unknown takes as long as one that is known.
Middleware basic_auth(const std::string& realm,
                      std::vector<std::pair<std::string, std::string>> users);

struct CorsOptions {
  /// "https://example.org", or "*" for all.
  std::vector<std::string> origins = {"*"};
  std::vector<std::string> methods = {"GET", "HEAD",  "POST",
                                      "PUT", "PATCH", "DELETE"};
  /// Of requests, beyond those that need no leave.
  std::vector<std::string> headers = {"Content-Type", "Authorization"};
  /// Of responses, that scripts may read.
  std::vector<std::string> exposed = {};
  /// With cookies; not for all origins.
  bool credentials = false;
  /// How long a browser may remember the leave.
  std::chrono::seconds max_age = std::chrono::minutes(10);
};

/// Lets scripts of other origins ask (Fetch, "CORS protocol"), and answers
/// their preflight requests itself. Of an origin that is not named nothing is
/// said, and the browser refuses. Throws UsageError for credentials with "*".
Middleware cors(const CorsOptions& options = {});

}  // namespace decant::web
