// SPDX-License-Identifier: MIT
#include "decant/web/request.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include "decant/base64.hpp"
#include "decant/cgi_variables.hpp"
#include "decant/error.hpp"
#include "decant/field_value.hpp"
#include "decant/http_date.hpp"
#include "decant/path.hpp"
#include "decant/text.hpp"
#include "decant/web/accept.hpp"
#include "decant/web/cookie.hpp"
#include "decant/web/urlencoded.hpp"

namespace decant::web {
namespace {

// What has been read of a request stays with it: the next Request finds it.
using KeptForm = std::shared_ptr<const Form>;
using KeptBody = std::shared_ptr<const std::string>;
constexpr const char* form_key = "decant.web.form";
constexpr const char* body_key = "decant.web.body";
/// multipart() has given it away.
constexpr const char* streamed_key = "decant.web.streamed";

/// "User-Agent" of "USER_AGENT".
std::string header_of(std::string_view variable) {
  std::string name(variable);
  bool first = true;
  for (char& c : name) {
    if (c == '_') {
      c = '-';
    } else if (!first && c >= 'A' && c <= 'Z') {
      c = static_cast<char>(c - 'A' + 'a');
    }
    first = c == '-';
  }
  return name;
}

std::optional<std::string_view> best(
    std::initializer_list<std::string_view> offers, std::string_view field,
    int (*quality)(std::string_view, std::string_view)) {
  return best_of({offers.begin(), offers.size()}, field, quality);
}

[[noreturn]] void refuse_second_reader(const char* who) {
  throw ApplicationError(std::string(who) +
                         ": the body was read already, as a form or in parts; "
                         "ask for one of them, or for the body first");
}

void require_unread(Environ& env, const char* who) {
  if (env.attached<KeptForm>(form_key) != nullptr ||
      env.attached<bool>(streamed_key) != nullptr) {
    refuse_second_reader(who);
  }
}

}  // namespace

std::string Request::host() const {
  const std::string_view named = env_["HTTP_HOST"];
  if (cgi_variables::is_host(named)) return std::string(named);
  std::string host(env_["SERVER_NAME"]);
  const std::string_view port = env_["SERVER_PORT"];
  const bool is_default = port == (scheme() == "https" ? "443" : "80");
  if (!is_default && !port.empty()) host.append(":").append(port);
  return host;
}

std::string Request::url() const {
  std::string url = std::string(scheme()) + "://" + host() +
                    percent_encoded(script_name()) + percent_encoded(path());
  if (!query_string().empty()) url.append("?").append(query_string());
  return url;
}

const Fields& Request::args() const {
  if (!args_) args_ = parse_urlencoded(query_string(), limits_.most_fields);
  return *args_;
}

const Fields& Request::cookies() const {
  if (!cookies_) cookies_ = parse_cookies(env_["HTTP_COOKIE"]);
  return *cookies_;
}

std::string_view Request::header(std::string_view name) const {
  return env_[cgi_variables::variable_of(name)];
}

Headers Request::headers() const {
  constexpr std::string_view prefix = "HTTP_";
  Headers all;
  for (const auto& [name, value] : env_) {
    if (name.starts_with(prefix)) {
      all.emplace_back(header_of(name.substr(prefix.size())), value);
    } else if (name == "CONTENT_TYPE" || name == "CONTENT_LENGTH") {
      all.emplace_back(header_of(name), value);
    }
  }
  return all;
}

std::string Request::media_type() const {
  std::string_view value = env_["CONTENT_TYPE"];
  std::string type(take_element(value, ';'));
  std::transform(type.begin(), type.end(), type.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return type;
}

/// From the stream, or from what body() has read of it.
ReadBytes Request::reader() const {
  if (const auto* const body = env_.attached<KeptBody>(body_key)) {
    return [body = *body, done = std::size_t{0}](std::span<char> out) mutable {
      const std::size_t got = body->copy(out.data(), out.size(), done);
      done += got;
      return got;
    };
  }
  return [&input = env_.input()](std::span<char> out) {
    return input.read_some(out);
  };
}

const Form& Request::form_data() const {
  if (const auto* const kept = env_.attached<KeptForm>(form_key)) return **kept;
  if (env_.attached<bool>(streamed_key) != nullptr) {
    refuse_second_reader("Request::form");
  }
  const bool is_empty =
      env_["CONTENT_TYPE"].empty() && env_.input().length().value_or(0) == 0;
  auto form = std::make_shared<const Form>(
      is_empty ? Form() : Form::read(env_["CONTENT_TYPE"], reader(), limits_));
  env_.attach(form_key, KeptForm(form));
  return *form;
}

MultipartReader Request::multipart() const {
  require_unread(env_, "Request::multipart");
  const auto boundary = multipart_boundary(env_["CONTENT_TYPE"]);
  if (!boundary) {
    throw FormError("form: Content-Type " + quoted(env_["CONTENT_TYPE"]) +
                        " is not multipart/form-data, which is wanted",
                    415);
  }
  env_.attach(streamed_key, true);
  return {reader(), *boundary};
}

const std::string& Request::body(std::size_t most) const {
  if (const auto* const kept = env_.attached<KeptBody>(body_key)) {
    return **kept;
  }
  require_unread(env_, "Request::body");
  // What is announced need not be read to be refused.
  if (env_.input().length().value_or(0) > most) {
    throw FormError("the request body is longer than " + std::to_string(most) +
                        " bytes; raise the limit where so much is meant",
                    413);
  }
  auto body = std::make_shared<const std::string>(read_text(reader(), most));
  env_.attach(body_key, KeptBody(body));
  return *body;
}

const std::string& Request::json(std::size_t most) const {
  const std::string type = media_type();
  // RFC 6839 section 3.1: the suffix of what is JSON too.
  if (type != "application/json" && !type.ends_with("+json")) {
    throw FormError("json: Content-Type " + quoted(type) +
                        " is not application/json, which is wanted",
                    415);
  }
  return body(most);
}

std::optional<std::string_view> Request::best_type(
    std::initializer_list<std::string_view> offers) const {
  return best(offers, env_["HTTP_ACCEPT"], type_quality);
}

std::optional<std::string_view> Request::best_language(
    std::initializer_list<std::string_view> offers) const {
  return best(offers, env_["HTTP_ACCEPT_LANGUAGE"], language_quality);
}

std::optional<std::string_view> Request::best_encoding(
    std::initializer_list<std::string_view> offers) const {
  return best(offers, env_["HTTP_ACCEPT_ENCODING"], encoding_quality);
}

std::vector<std::string_view> Request::if_match() const {
  return parse_etags(env_["HTTP_IF_MATCH"]);
}

std::vector<std::string_view> Request::if_none_match() const {
  return parse_etags(env_["HTTP_IF_NONE_MATCH"]);
}

std::optional<std::time_t> Request::if_modified_since() const {
  return parse_http_date(env_["HTTP_IF_MODIFIED_SINCE"]);
}

std::optional<std::time_t> Request::if_unmodified_since() const {
  return parse_http_date(env_["HTTP_IF_UNMODIFIED_SINCE"]);
}

int Request::check(const Validators& validators) const {
  const int status = check_preconditions(env_, validators);
  if (status != 304 || method() == "GET" || method() == "HEAD") return status;
  // RFC 9110 section 13.1.2; If-Modified-Since is for those two alone.
  return env_.contains("HTTP_IF_NONE_MATCH") ? 412 : 200;
}

/// What follows the scheme in Authorization; empty for another scheme.
std::string_view Request::credentials(std::string_view scheme) const {
  const std::string_view value = trimmed(env_["HTTP_AUTHORIZATION"]);
  const std::size_t blank = std::min(value.find(' '), value.size());
  if (!equals_ignoring_case(value.substr(0, blank), scheme)) return {};
  return trimmed(value.substr(blank));
}

std::optional<BasicCredentials> Request::basic_authorization() const {
  const std::string_view encoded = credentials("Basic");
  if (encoded.empty()) return std::nullopt;
  const auto text = base64_decoded(encoded);
  if (!text) return std::nullopt;
  const std::size_t colon = text->find(':');
  // RFC 7617 section 2: no control characters in either.
  if (colon == std::string::npos || !is_field_value(*text)) {
    return std::nullopt;
  }
  return BasicCredentials{text->substr(0, colon), text->substr(colon + 1)};
}

std::string_view Request::bearer_token() const {
  const std::string_view token = credentials("Bearer");
  const bool is_token68 = std::all_of(token.begin(), token.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') ||
           std::string_view("-._~+/=").find(c) != std::string_view::npos;
  });
  return is_token68 ? token : std::string_view{};
}

}  // namespace decant::web
