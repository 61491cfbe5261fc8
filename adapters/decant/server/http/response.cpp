// SPDX-License-Identifier: MIT
#include "decant/server/http/response.hpp"

#include <array>
#include <charconv>
#include <utility>

#include "decant/headers.hpp"
#include "decant/http_date.hpp"
#include "decant/service/loop/control.hpp"

namespace decant::http {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view server_field = "Server: decant\r\n";

}  // namespace

void append_chunk_size(std::string& out, std::size_t size) {
  std::array<char, 2 * sizeof size> digits{};
  const auto result =
      std::to_chars(digits.data(), digits.data() + digits.size(), size, 16);
  out.append(digits.data(), result.ptr);
  out += line_end;
}

std::string_view DateField::text() {
  const std::time_t now = std::time(nullptr);
  if (now != made_) {
    made_ = now;
    text_ = "Date: " + http_date(now) + std::string(line_end);
  }
  return text_;
}

void Response::start(std::string& out, const ResponseHead& head,
                     std::string_view piece) {
  started_ = true;
  const bool length_known = head.content_length || !head.has_content;
  chunked_ = !length_known && !terms_.http_1_0;
  until_close_ = !length_known && terms_.http_1_0;
  if (until_close_ || !body_.is_skippable() || service::stop_requested()) {
    terms_.keep_alive = false;
  }
  append_head(out, "HTTP/1.1 ", head.status.line(), head.headers);
  out.resize(out.size() - line_end.size());  // the empty line comes later
  append_fields(out, head.headers);
  if (!piece.empty()) append(out, piece);
}

/// What the server adds, where the application has not said it.
void Response::append_fields(std::string& out, const Headers& headers) {
  bool has_date = false;
  bool has_server = false;
  for (const auto& [name, value] : headers) {
    has_date = has_date || equals_ignoring_case(name, "Date");
    has_server = has_server || equals_ignoring_case(name, "Server");
  }
  if (!has_date) out += date_.text();
  if (!has_server) out += server_field;
  if (chunked_) out += "Transfer-Encoding: chunked\r\n";
  if (!terms_.keep_alive) {
    out += "Connection: close\r\n";
  } else if (terms_.http_1_0) {
    out += "Connection: keep-alive\r\n";
  }
  out += line_end;
}

void Response::append(std::string& out, std::string_view piece) {
  before(out, piece.size());
  out += piece;
  after(out);
}

void Response::after(std::string& out) {
  if (std::exchange(in_chunk_, false)) out += line_end;
}

std::size_t Response::before(std::string& out, std::size_t size) {
  if (!chunked_) return size;
  if (std::exchange(in_chunk_, true)) out += line_end;
  append_chunk_size(out, size);
  return size;
}

void Response::end(std::string& out, int /*application_status*/) {
  if (!chunked_ || !started_) return;
  after(out);
  out += "0\r\n\r\n";
}

}  // namespace decant::http
