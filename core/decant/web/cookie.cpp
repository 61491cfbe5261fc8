// SPDX-License-Identifier: MIT
#include "decant/web/cookie.hpp"

#include <algorithm>
#include <array>

#include "decant/error.hpp"
#include "decant/headers.hpp"
#include "decant/http_date.hpp"
#include "decant/number.hpp"
#include "decant/text.hpp"

namespace decant::web {
namespace {

[[noreturn]] void refuse(const Cookie& cookie, const std::string& why) {
  throw ApplicationError("set_cookie: " + quoted(cookie.name) + ": " + why);
}

/// RFC 6265 section 4.1.1: US-ASCII without controls, blanks, double quotes,
/// commas, semicolons and backslashes.
bool is_cookie_octet(char c) {
  return c > 0x20 && c < 0x7F && c != '"' && c != ',' && c != ';' && c != '\\';
}

bool is_cookie_value(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  return std::all_of(text.begin(), text.end(), is_cookie_octet);
}

/// RFC 6265 section 4.1.1: any CHAR except controls and ';'.
bool is_attribute_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= 0x20 && c < 0x7F && c != ';'; });
}

/// RFC 6265 section 4.1.1 and RFC 1034 section 3.5, without a dot in front,
/// which browsers take away.
bool is_domain(std::string_view text) {
  return !text.starts_with('.') &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  (c >= '0' && c <= '9') || c == '-' || c == '.';
         });
}

/// What browsers read as it stands: they take away blanks around it, and what
/// does not begin with a slash.
bool is_path(std::string_view text) {
  return text.empty() || (text.front() == '/' && is_attribute_value(text) &&
                          trimmed(text) == text);
}

std::string_view name_of(SameSite same_site) {
  switch (same_site) {
    case SameSite::strict:
      return "Strict";
    case SameSite::none:
      return "None";
    default:
      return "Lax";
  }
}

/// The next part up to a ';', taken from the front. A quote is a byte like
/// another here (RFC 6265 section 5.2).
std::string_view take_part(std::string_view& text) {
  const std::size_t end = std::min(text.find(';'), text.size());
  const std::string_view part = trimmed(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

std::pair<std::string_view, std::string_view> split(std::string_view part) {
  const std::size_t equals = std::min(part.find('='), part.size());
  return {trimmed(part.substr(0, equals)),
          trimmed(part.substr(std::min(equals + 1, part.size())))};
}

void read_attribute(std::string_view name, std::string_view value,
                    Cookie& cookie) {
  const auto is = [name](std::string_view known) {
    return equals_ignoring_case(name, known);
  };
  if (is("Expires")) {
    // RFC 6265 section 5.1.1: no year before 1601.
    constexpr std::time_t first = -11644473600;
    const auto date = parse_http_date(value);
    if (date && *date >= first) cookie.expires = date;
  } else if (is("Max-Age")) {
    // A sign is allowed, and means that it has ended.
    const bool negative = value.starts_with('-');
    const auto age = parse_number<long>(value.substr(negative ? 1 : 0));
    if (age) cookie.max_age = std::chrono::seconds(negative ? -1 : *age);
  } else if (is("Domain")) {
    cookie.domain = value.substr(value.starts_with('.') ? 1 : 0);
  } else if (is("Path")) {
    cookie.path = value.starts_with('/') ? value : "";
  } else if (is("Secure")) {
    cookie.secure = true;
  } else if (is("HttpOnly")) {
    cookie.http_only = true;
  } else if (is("SameSite")) {
    for (const SameSite known : {SameSite::strict, SameSite::none}) {
      if (equals_ignoring_case(value, name_of(known))) cookie.same_site = known;
    }
  }
}

void check(const Cookie& cookie) {
  if (!is_token(cookie.name)) {
    refuse(cookie, "the name is no token; use letters, digits, '-' and '_'");
  }
  if (!is_cookie_value(cookie.value)) {
    refuse(cookie,
           "the value may have no blank, quote, comma, semicolon, backslash "
           "or byte beyond ASCII; encode it, as base64 or in percent");
  }
  if (!is_domain(cookie.domain)) {
    refuse(cookie, "the domain is none; give a host without a dot in front");
  }
  if (!is_path(cookie.path)) {
    refuse(cookie,
           "the path begins with a slash and has no ';', no control character "
           "and no blank at its end");
  }
  if (cookie.same_site == SameSite::none && !cookie.secure) {
    refuse(cookie, "browsers take SameSite=None with Secure only; set secure");
  }
  // RFC 6265bis section 4.1.3.
  const bool host = cookie.name.starts_with("__Host-");
  if ((host || cookie.name.starts_with("__Secure-")) && !cookie.secure) {
    refuse(cookie, "the prefix of its name promises Secure; set secure");
  }
  if (host && (cookie.path != "/" || !cookie.domain.empty())) {
    refuse(cookie, "__Host- promises the path / and no domain");
  }
}

}  // namespace

std::string set_cookie_value(const Cookie& cookie) {
  check(cookie);
  std::string text = cookie.name + '=' + cookie.value;
  if (cookie.expires) text += "; Expires=" + http_date(*cookie.expires);
  if (cookie.max_age) {
    text += "; Max-Age=" + std::to_string(cookie.max_age->count());
  }
  if (!cookie.domain.empty()) text += "; Domain=" + cookie.domain;
  if (!cookie.path.empty()) text += "; Path=" + cookie.path;
  if (cookie.secure) text += "; Secure";
  if (cookie.http_only) text += "; HttpOnly";
  return text.append("; SameSite=").append(name_of(cookie.same_site));
}

std::optional<Cookie> parse_set_cookie(std::string_view value) {
  const std::string_view pair = take_part(value);
  if (pair.find('=') == std::string_view::npos) return std::nullopt;
  const auto [name, content] = split(pair);
  if (name.empty()) return std::nullopt;
  Cookie cookie{.name = std::string(name), .value = std::string(content)};
  cookie.path.clear();
  cookie.http_only = false;
  while (!value.empty()) {
    const auto [attribute, argument] = split(take_part(value));
    read_attribute(attribute, argument, cookie);
  }
  return cookie;
}

Fields parse_cookies(std::string_view value) {
  Fields cookies;
  while (!value.empty()) {
    const std::string_view part = take_part(value);
    const auto [name, content] = split(part);
    if (part.size() == name.size() || name.empty()) continue;
    cookies.add(std::string(name), std::string(content));
  }
  return cookies;
}

std::string cookie_value(const Fields& cookies) {
  std::string text;
  for (const auto& [name, value] : cookies) {
    if (!text.empty()) text += "; ";
    text.append(name).append("=").append(value);
  }
  return text;
}

}  // namespace decant::web
