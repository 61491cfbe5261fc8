// SPDX-License-Identifier: MIT
// A response as an application would rather write it.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "decant/application.hpp"
#include "decant/web/cookie.hpp"
#include "decant/web/request.hpp"
#include "decant/web/response_fields.hpp"

namespace decant::web {

/// A status, headers and content. It is an application:
///
///     return Response("Hello")(env, start_response);
///
/// One of text may answer any number of requests, from several threads at once;
/// one of a Body answers one, since a body is read once. Copies share a Body.
class Response {
 public:
  static constexpr std::string_view plain_text = "text/plain; charset=utf-8";

  /// 200 without content.
  Response() = default;
  /// A text, which is UTF-8 unless `type` says otherwise.
  Response(std::string text, std::string_view type = plain_text);
  Response(std::string_view text, std::string_view type = plain_text)
      : Response(std::string(text), type) {}
  Response(const char* text, std::string_view type = plain_text)
      : Response(std::string(text), type) {}
  /// A status: from 400 on with the text that the gateway gives it.
  explicit Response(int status);
  /// A body of any kind: a coroutine, a range, a file.
  Response(Body body, std::string_view type);
  /// What start_response and the gateway are to be given, whole.
  Response(std::string status, Headers headers, Body body);

  int status() const;
  const Headers& headers() const noexcept { return headers_; }
  /// False for one of a Body.
  bool is_text() const noexcept { return body_ == nullptr; }
  /// The content of a response of text; empty for others.
  const std::string& text() const noexcept { return text_; }

  /// Sets the status, with the reason that is registered for it. Throws
  /// ApplicationError for what is no status of a response.
  Response& status(int code) &;
  Response&& status(int code) && { return std::move(status(code)); }
  /// Sets a header in the place of all of that name. What is malformed throws
  /// when the response is sent.
  Response& header(std::string_view name, std::string_view value) &;
  Response&& header(std::string_view name, std::string_view value) && {
    return std::move(header(name, value));
  }
  /// Adds a header beside others of that name.
  Response& add_header(std::string_view name, std::string_view value) &;
  Response&& add_header(std::string_view name, std::string_view value) && {
    return std::move(add_header(name, value));
  }
  /// Throws as set_cookie_value() does.
  Response& set_cookie(const Cookie& cookie) &;
  Response&& set_cookie(const Cookie& cookie) && {
    return std::move(set_cookie(cookie));
  }
  /// Has the browser forget a cookie that was set with these.
  Response& delete_cookie(std::string_view name, std::string_view path = "/",
                          std::string_view domain = {}) &;
  Response&& delete_cookie(std::string_view name, std::string_view path = "/",
                           std::string_view domain = {}) && {
    return std::move(delete_cookie(name, path, domain));
  }

  // Headers by their kind, in the place of what was set before. Each throws
  // ApplicationError for what cannot stand there, as a control character.

  /// A media type, with its parameters.
  Response& content_type(std::string_view type) &;
  Response&& content_type(std::string_view type) && {
    return std::move(content_type(type));
  }
  /// How long the response may be kept, and by whom.
  Response& cache_control(const CacheControl& wanted) &;
  Response&& cache_control(const CacheControl& wanted) && {
    return std::move(cache_control(wanted));
  }
  /// "attachment" or "inline", and a name: content_disposition_value().
  Response& content_disposition(std::string_view disposition,
                                std::string_view filename = {}) &;
  Response&& content_disposition(std::string_view disposition,
                                 std::string_view filename = {}) && {
    return std::move(content_disposition(disposition, filename));
  }
  /// The content is to be saved under this name, any text in UTF-8.
  Response& attachment(std::string_view filename) & {
    return content_disposition("attachment", filename);
  }
  Response&& attachment(std::string_view filename) && {
    return std::move(attachment(filename));
  }
  /// The languages of those it is meant for, as "en-GB".
  Response& content_language(
      std::initializer_list<std::string_view> languages) &;
  Response&& content_language(
      std::initializer_list<std::string_view> languages) && {
    return std::move(content_language(languages));
  }
  /// Seconds since the epoch, as below.
  Response& expires(std::time_t time) &;
  Response&& expires(std::time_t time) && { return std::move(expires(time)); }
  Response& last_modified(std::time_t time) &;
  Response&& last_modified(std::time_t time) && {
    return std::move(last_modified(time));
  }
  /// An entity tag, of which the quotes are added.
  Response& etag(std::string_view tag, bool weak = false) &;
  Response&& etag(std::string_view tag, bool weak = false) && {
    return std::move(etag(tag, weak));
  }
  /// Adds a request header that the response depends on, or "*", to Vary.
  Response& vary(std::string_view field) &;
  Response&& vary(std::string_view field) && { return std::move(vary(field)); }
  /// A URL, which may be relative; what may not stand in one is encoded.
  Response& location(std::string_view reference) &;
  Response&& location(std::string_view reference) && {
    return std::move(location(reference));
  }
  /// The methods that there are, for 405.
  Response& allow(std::initializer_list<std::string_view> methods) &;
  Response&& allow(std::initializer_list<std::string_view> methods) && {
    return std::move(allow(methods));
  }
  /// When to come again, for 503 and 429: after a time, or at one.
  Response& retry_after(std::chrono::seconds time) &;
  Response&& retry_after(std::chrono::seconds time) && {
    return std::move(retry_after(time));
  }
  Response& retry_after(std::chrono::system_clock::time_point time) &;
  Response&& retry_after(std::chrono::system_clock::time_point time) && {
    return std::move(retry_after(time));
  }
  /// Adds a challenge beside others, for 401: ("Bearer", {{"realm", "x"}}).
  Response& www_authenticate(std::string_view scheme,
                             const Fields& parameters = {}) &;
  Response&& www_authenticate(std::string_view scheme,
                              const Fields& parameters = {}) && {
    return std::move(www_authenticate(scheme, parameters));
  }
  /// An entity tag made of the text: its size and 64 bits of a hash that nobody
  /// is kept from colliding with, which harms only who does.
  Response& etag_of_text() &;
  Response&& etag_of_text() && { return std::move(etag_of_text()); }

  /// Makes of a 200 to GET or HEAD what the conditions and the range of the
  /// request want, by ETag and Last-Modified: 304, 412, or of a text 206 and
  /// 416 (RFC 9110 sections 13 and 14). What changes something asks
  /// Request::check() before it does.
  Response& make_conditional(const Request& request) &;
  Response&& make_conditional(const Request& request) && {
    return std::move(make_conditional(request));
  }

  /// Answers. Throws ApplicationError for a Body that has been sent already.
  Body operator()(Environ& env, const StartResponse& start_response) const&;
  Body operator()(Environ& env, const StartResponse& start_response) &&;

 private:
  void drop_content();
  void make_partial(const Request& request, const Validators& validators);
  Body take_body() const;

  std::string status_ = "200 OK";
  Headers headers_;
  std::string text_;
  std::shared_ptr<std::optional<Body>> body_;  // where it is no text
};

inline Response html(std::string text) {
  return {std::move(text), "text/html; charset=utf-8"};
}
/// `text` is JSON already.
inline Response json(std::string text) {
  return {std::move(text), "application/json"};
}

/// `text` for HTML, in content and between quotes of either kind.
std::string html_escaped(std::string_view text);

/// To another URL, which may be relative; what may not stand in one is encoded.
/// A location that a client has named may lead to any host. Throws
/// ApplicationError unless `status` is 301, 302, 303, 307 or 308.
Response redirect(std::string_view location, int status = 302);

/// Adds a field to Vary, unless it is there (RFC 9110 section 12.5.5).
void add_vary(Headers& headers, std::string_view field);

}  // namespace decant::web
