// SPDX-License-Identifier: MIT
#include "decant/web/response_fields.hpp"

#include <algorithm>

#include "decant/error.hpp"
#include "decant/headers.hpp"
#include "decant/http_date.hpp"
#include "decant/path.hpp"
#include "decant/text.hpp"
#include "decant/web/response.hpp"

namespace decant::web {
namespace {

[[noreturn]] void refuse(const char* field, std::string_view value,
                         const char* cure) {
  throw ApplicationError(std::string("Response: ") + field + ": " +
                         quoted(value) + ' ' + cure);
}

std::string_view require_text(const char* field, std::string_view value) {
  if (holds_control(value)) {
    refuse(field, value, "holds a control character; leave it out");
  }
  return value;
}

std::string_view require_token(const char* field, std::string_view value) {
  if (!is_token(value)) {
    refuse(field, value, "is no word; give letters, digits and hyphens");
  }
  return value;
}

std::string seconds_text(const char* field, std::chrono::seconds time) {
  std::string text = std::to_string(time.count());
  if (time.count() < 0)
    refuse(field, text, "is no time to come; give 0 or more");
  return text;
}

void append_element(std::string& list, std::string_view element) {
  if (!list.empty()) list += ", ";
  list += element;
}

std::string token_list(const char* field,
                       std::initializer_list<std::string_view> tokens) {
  std::string list;
  for (const std::string_view token : tokens) {
    append_element(list, require_token(field, token));
  }
  return list;
}

/// RFC 9110 section 5.6.4.
std::string quoted_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out += '"';
}

/// RFC 8187 section 3.2.
std::string extended_value(std::string_view text) {
  std::string value = "UTF-8''";
  // form_encoded() keeps '*', which may not stand there, and has '+' for a
  // blank.
  for (const char c : form_encoded(text)) {
    if (c == '+') {
      value += "%20";
    } else if (c == '*') {
      value += "%2A";
    } else {
      value += c;
    }
  }
  return value;
}

}  // namespace

std::string cache_control_value(const CacheControl& wanted) {
  std::string value;
  const auto add = [&value](bool is_wanted, const char* directive) {
    if (is_wanted) append_element(value, directive);
  };
  const auto add_time = [&value](const auto& time, const char* directive) {
    if (!time) return;
    append_element(value, std::string(directive) + '=' +
                              seconds_text("Cache-Control", *time));
  };
  add(wanted.no_store, "no-store");
  add(wanted.no_cache, "no-cache");
  add(wanted.is_public, "public");
  add(wanted.is_private, "private");
  add(wanted.must_revalidate, "must-revalidate");
  add(wanted.proxy_revalidate, "proxy-revalidate");
  add(wanted.no_transform, "no-transform");
  add(wanted.immutable, "immutable");
  add_time(wanted.max_age, "max-age");
  add_time(wanted.s_maxage, "s-maxage");
  add_time(wanted.stale_while_revalidate, "stale-while-revalidate");
  add_time(wanted.stale_if_error, "stale-if-error");
  return value;
}

std::string content_disposition_value(std::string_view disposition,
                                      std::string_view filename) {
  constexpr const char* field = "Content-Disposition";
  std::string value(require_token(field, disposition));
  if (filename.empty()) return value;
  require_text(field, filename);
  // RFC 6266 appendix D: quotes, backslashes and what looks like %XX are read
  // in more than one way.
  std::string ascii;
  for (const char c : filename) {
    const bool is_plain =
        c >= 0x20 && c < 0x7F && c != '"' && c != '\\' && c != '%';
    ascii += is_plain ? c : '_';
  }
  value += "; filename=\"" + ascii + '"';
  if (ascii != filename) value += "; filename*=" + extended_value(filename);
  return value;
}

std::string challenge_value(std::string_view scheme, const Fields& parameters) {
  constexpr const char* field = "WWW-Authenticate";
  std::string value(require_token(field, scheme));
  for (const auto& [name, text] : parameters) {
    value += value.size() == scheme.size() ? " " : ", ";
    value.append(require_token(field, name)) += '=';
    value += quoted_string(require_text(field, text));
  }
  return value;
}

Response& Response::content_type(std::string_view type) & {
  constexpr const char* field = "Content-Type";
  if (require_text(field, type).find('/') == std::string_view::npos) {
    refuse(field, type, "is no media type; give one, as text/html");
  }
  return header(field, type);
}

Response& Response::content_disposition(std::string_view disposition,
                                        std::string_view filename) & {
  return header("Content-Disposition",
                content_disposition_value(disposition, filename));
}

Response& Response::content_language(
    std::initializer_list<std::string_view> languages) & {
  constexpr const char* field = "Content-Language";
  return header(field, token_list(field, languages));
}

Response& Response::cache_control(const CacheControl& wanted) & {
  return header("Cache-Control", cache_control_value(wanted));
}

Response& Response::expires(std::time_t time) & {
  return header("Expires", http_date(time));
}

Response& Response::last_modified(std::time_t time) & {
  return header("Last-Modified", http_date(time));
}

Response& Response::etag(std::string_view tag, bool weak) & {
  // RFC 9110 section 8.8.3: no blank either.
  if (require_text("ETag", tag).find_first_of("\" ") != std::string::npos) {
    refuse("ETag", tag, "holds a quote or a blank; leave them out");
  }
  return header("ETag", (weak ? "W/\"" : "\"") + std::string(tag) + '"');
}

Response& Response::vary(std::string_view field) & {
  if (field != "*") require_token("Vary", field);
  add_vary(headers_, field);
  return *this;
}

Response& Response::location(std::string_view reference) & {
  return header("Location",
                reference_encoded(require_text("Location", reference)));
}

Response& Response::allow(std::initializer_list<std::string_view> methods) & {
  return header("Allow", token_list("Allow", methods));
}

Response& Response::retry_after(std::chrono::seconds time) & {
  return header("Retry-After", seconds_text("Retry-After", time));
}

Response& Response::retry_after(std::chrono::system_clock::time_point time) & {
  return header("Retry-After",
                http_date(std::chrono::system_clock::to_time_t(time)));
}

Response& Response::www_authenticate(std::string_view scheme,
                                     const Fields& parameters) & {
  return add_header("WWW-Authenticate", challenge_value(scheme, parameters));
}

}  // namespace decant::web
