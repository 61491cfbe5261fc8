// SPDX-License-Identifier: MIT
// Cookies: the fields Cookie and Set-Cookie, read and written (RFC 6265).
#pragma once

#include <chrono>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "decant/web/fields.hpp"

namespace decant::web {

/// With which requests from other sites a cookie goes along ("Same-Site
/// Cookies", RFC 6265bis section 5.2).
enum class SameSite {
  lax,     ///< with those that lead here
  strict,  ///< with none
  none,    ///< with all; Secure is needed then
};

/// A cookie as a response sets it.
struct Cookie {
  std::string name;
  std::string value;
  /// Until the browser is closed where there is neither this nor `expires`.
  std::optional<std::chrono::seconds> max_age = {};
  std::optional<std::time_t> expires = {};
  /// The host that sets it and no other where it is empty.
  std::string domain = {};
  std::string path = "/";
  /// Only over HTTPS.
  bool secure = false;
  /// Not for scripts.
  bool http_only = true;
  SameSite same_site = SameSite::lax;
};

/// The value of Set-Cookie. Throws ApplicationError for what RFC 6265 section
/// 4.1.1 does not allow: a name that is no token, a value with other bytes than
/// cookie-octets, a ';' or a control character anywhere; and for what browsers
/// refuse or change: a domain that is none, SameSite=None without Secure, the
/// prefixes __Secure- and __Host- without what they promise.
std::string set_cookie_value(const Cookie& cookie);

/// Reads a Set-Cookie as RFC 6265 section 5.2 does; nothing where it is to be
/// ignored. The path is empty where none is given that begins with a slash.
std::optional<Cookie> parse_set_cookie(std::string_view value);

/// The cookies of a Cookie field, in order. Values stay as they are, quotes
/// too, which are part of them; what has no name is left out.
Fields parse_cookies(std::string_view value);

/// The value of Cookie, "a=b; c=d", as it stands.
std::string cookie_value(const Fields& cookies);

}  // namespace decant::web
