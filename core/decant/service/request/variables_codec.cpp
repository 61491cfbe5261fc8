// SPDX-License-Identifier: MIT
#include "decant/service/request/variables_codec.hpp"

#include "decant/error_page.hpp"
#include "decant/headers.hpp"

namespace decant::service {
namespace {

/// RFC 3875 section 4.1.2; no value where two say different things. What is no
/// number the normaliser refuses.
std::optional<std::uint64_t> body_length(const Variables& variables) {
  std::optional<std::string_view> text;
  for (const auto& [name, value] : variables) {
    if (name != "CONTENT_LENGTH") continue;
    if (text && *text != value) return std::nullopt;
    text = value;
  }
  return parse_content_length(text.value_or("")).value_or(0);
}

}  // namespace

void PlainFraming::start(std::string& out, const ResponseHead& head,
                         std::string_view piece) {
  append_head(out, lead_, head.status.line(), head.headers);
  out += piece;
}

Scan VariablesCodec::found(std::size_t size, const Variables& variables) {
  const auto length = body_length(variables);
  body_.begin(length.value_or(0));
  if (!length) {
    complaint_ = "CONTENT_LENGTH says two different things";
    return {.state = Scan::State::refused, .status = 400};
  }
  return {.state = Scan::State::request, .size = size};
}

Scan VariablesCodec::too_large() {
  return {.state = Scan::State::refused, .status = 431};
}

Scan VariablesCodec::closed(std::string_view why) {
  complaint_ = why;
  return {.state = Scan::State::refused};
}

void VariablesCodec::refuse(std::string& out, int status) {
  if (status == 0) return;
  const ErrorPage page(status);
  response_.start(out,
                  {.status = page.status,
                   .headers = page.headers,
                   .content_length = page.body.size(),
                   .has_content = true},
                  page.body);
}

std::string_view VariablesCodec::late_answer() {
  if (late_answer_.empty()) refuse(late_answer_, 504);
  return late_answer_;
}

}  // namespace decant::service
