// SPDX-License-Identifier: MIT
#include "decant/web/response.hpp"

#include <algorithm>
#include <utility>

#include "decant/error.hpp"
#include "decant/error_page.hpp"
#include "decant/field_value.hpp"
#include "decant/fnv1a.hpp"
#include "decant/http_date.hpp"
#include "decant/path.hpp"
#include "decant/status.hpp"
#include "decant/text.hpp"

namespace decant::web {
namespace {

Validators validators_of(const Headers& headers) {
  Validators validators;
  if (const std::string* const tag = find_header(headers, "ETag")) {
    validators.etag = *tag;
  }
  if (const std::string* const date = find_header(headers, "Last-Modified")) {
    validators.modified = parse_http_date(*date);
  }
  return validators;
}

}  // namespace

Response::Response(std::string text, std::string_view type)
    : text_(std::move(text)) {
  headers_.reserve(4);  // the gateway adds one, and the application may
  headers_.emplace_back("Content-Type", type);
}

Response::Response(int status) {
  if (status < 400) {
    this->status(status);
    return;
  }
  ErrorPage page(status);
  status_ = page.status.line();
  headers_ = std::move(page.headers);
  text_ = std::move(page.body);
}

Response::Response(Body body, std::string_view type)
    : Response("200 OK", {{"Content-Type", std::string(type)}},
               std::move(body)) {}

Response::Response(std::string status, Headers headers, Body body)
    : status_(std::move(status)),
      headers_(std::move(headers)),
      body_(std::make_shared<std::optional<Body>>(std::move(body))) {}

int Response::status() const {
  return Status(status_).code();
}

Response& Response::status(int code) & {
  status_ = standard_status(code);
  if (Status(status_).code() < 200) {
    throw ApplicationError("Response: the status " + std::to_string(code) +
                           " is an interim one, which the server sends; give "
                           "the final one, 200 or above");
  }
  return *this;
}

Response& Response::header(std::string_view name, std::string_view value) & {
  remove_header(headers_, name);
  return add_header(name, value);
}

Response& Response::add_header(std::string_view name,
                               std::string_view value) & {
  headers_.emplace_back(name, value);
  return *this;
}

Response& Response::set_cookie(const Cookie& cookie) & {
  return add_header("Set-Cookie", set_cookie_value(cookie));
}

Response& Response::delete_cookie(std::string_view name, std::string_view path,
                                  std::string_view domain) & {
  // Browsers take one of these names only when it is secure.
  const bool secure =
      name.starts_with("__Secure-") || name.starts_with("__Host-");
  return set_cookie({.name = std::string(name),
                     .value = {},
                     .max_age = std::chrono::seconds(0),
                     .expires = 0,
                     .domain = std::string(domain),
                     .path = std::string(path),
                     .secure = secure});
}

Response& Response::etag_of_text() & {
  return etag(std::to_string(text_.size()) + '-' +
              std::to_string(decant::detail::fnv1a(text_)));
}

void Response::drop_content() {
  text_.clear();
  if (body_) {
    if (*body_) (*body_)->close();
    body_.reset();
  }
  // RFC 9110 section 15.4.5: no metadata of content that is not there.
  std::erase_if(headers_, [](const auto& header) {
    return header.first.size() > 8 &&
           equals_ignoring_case(header.first.substr(0, 8), "Content-") &&
           !equals_ignoring_case(header.first, "Content-Location") &&
           !equals_ignoring_case(header.first, "Content-Security-Policy");
  });
}

Response& Response::make_conditional(const Request& request) & {
  const bool reads = request.method() == "GET" || request.method() == "HEAD";
  if (status() != 200 || !reads) return *this;
  const Validators validators = validators_of(headers_);
  switch (request.check(validators)) {
    case 304:
      drop_content();
      return status(304);
    case 412: {
      drop_content();
      ErrorPage page(412);
      for (auto& header : page.headers) headers_.push_back(std::move(header));
      text_ = std::move(page.body);
      return status(412);
    }
    default:
      if (!body_) make_partial(request, validators);
      return *this;
  }
}

void Response::make_partial(const Request& request,
                            const Validators& validators) {
  header("Accept-Ranges", "bytes");
  if (request.method() != "GET") return;
  const std::uint64_t size = text_.size();
  ByteRanges ranges = request.ranges(validators, size);
  if (ranges.kind == ByteRange::Kind::whole) return;
  if (ranges.kind == ByteRange::Kind::unsatisfiable) {
    drop_content();
    header("Content-Range", "bytes */" + std::to_string(size)).status(416);
    return;
  }
  status(206);
  const auto part_of = [this](const ByteRange& range) {
    return std::string_view(text_).substr(static_cast<std::size_t>(range.first),
                                          static_cast<std::size_t>(range.size));
  };
  if (ranges.parts.size() == 1) {
    const ByteRange& range = ranges.parts.front();
    header("Content-Range", content_range(range, size));
    text_ = std::string(part_of(range));
    return;
  }
  const std::string* const type = find_header(headers_, "Content-Type");
  const MultipartRanges multipart(std::move(ranges.parts),
                                  type != nullptr ? *type : "", size);
  std::string text;
  text.reserve(static_cast<std::size_t>(multipart.content_length()));
  for (std::size_t i = 0; i < multipart.parts().size(); ++i) {
    text.append(multipart.head(i)).append(part_of(multipart.parts()[i]));
  }
  text_ = text.append(multipart.tail());
  header("Content-Type", multipart.content_type());
}

Body Response::take_body() const {
  if (!*body_) {
    throw ApplicationError(
        "Response: its body has been sent already; make a response for each "
        "request, or one of text");
  }
  Body body = *std::move(*body_);
  body_->reset();
  return body;
}

Body Response::operator()(Environ&,
                          const StartResponse& start_response) const& {
  Body body = body_ ? take_body() : Body(text_);
  start_response(status_, headers_);
  return body;
}

Body Response::operator()(Environ&, const StartResponse& start_response) && {
  Body body = body_ ? take_body() : Body(std::move(text_));
  start_response(status_, std::move(headers_));
  return body;
}

std::string html_escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  append_html(out, text);
  return out;
}

Response redirect(std::string_view location, int status) {
  constexpr int known[] = {301, 302, 303, 307, 308};
  if (std::find(std::begin(known), std::end(known), status) ==
      std::end(known)) {
    throw ApplicationError("redirect: " + std::to_string(status) +
                           " leads nowhere; give 301, 302, 303, 307 or 308");
  }
  const std::string reference = reference_encoded(location);
  return Response(reference + '\n')
      .status(status)
      .header("Location", reference);
}

void add_vary(Headers& headers, std::string_view field) {
  for (auto& [name, value] : headers) {
    if (!equals_ignoring_case(name, "Vary")) continue;
    for (std::string_view rest = value; !rest.empty();) {
      const std::string_view element = take_element(rest, ',');
      if (element == "*" || equals_ignoring_case(element, field)) return;
    }
    value.append(value.empty() ? "" : ", ").append(field);
    return;
  }
  headers.emplace_back("Vary", field);
}

}  // namespace decant::web
