// SPDX-License-Identifier: MIT
#include "decant/cgi_response.hpp"

#include "decant/error.hpp"
#include "decant/text.hpp"

namespace decant::cgi_response {
namespace {

[[noreturn]] void refuse(std::string_view line, std::string_view why) {
  throw GatewayError("program: the response head line " + quoted(line) + ' ' +
                         std::string(why),
                     502);
}

/// "404 Not Found", also from a program that wrote no reason.
Status parse_status(std::string_view text, std::string_view line) {
  std::string status(trimmed(text));
  if (status.size() == 3) status += ' ';
  try {
    return Status(status);
  } catch (const ApplicationError&) {
    refuse(line, "has no status of the form \"200 OK\"");
  }
}

void add_line(std::string_view line, std::optional<Status>& status,
              Headers& headers) {
  if (!status && headers.empty() && line.starts_with("HTTP/")) {
    const std::size_t space = line.find(' ');
    status = parse_status(
        space == std::string_view::npos ? "" : line.substr(space), line);
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) refuse(line, "has no colon");
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (!is_token(name)) refuse(line, "does not begin with a header name");
  if (!is_field_value(value)) refuse(line, "holds a control character");
  if (equals_ignoring_case(name, "Status")) {
    if (status) refuse(line, "gives the status again");
    status = parse_status(value, line);
    return;
  }
  if (equals_ignoring_case(name, "Content-Length")) {
    if (value.empty()) return;  // a script whose variable was empty
    const auto length = parse_content_length(value);
    if (!length) refuse(line, "is not one number of bytes");
    // RFC 9110 section 8.6: the same one again says nothing new.
    if (const std::string* const before = find_header(headers, name)) {
      if (parse_content_length(*before) == length) return;
      refuse(line, "gives another length than the one before");
    }
  }
  headers.emplace_back(name, value);
}

}  // namespace

void write_head(std::string& out, const Status& status,
                const Headers& headers) {
  append_head(out, "Status: ", status.line(), headers);
}

std::optional<Head> parse_head(std::string_view text) {
  std::optional<Status> status;
  Headers headers;
  bool is_empty = true;
  std::size_t at = 0;
  for (;;) {
    const std::size_t newline = text.find('\n', at);
    if (newline == std::string_view::npos) return std::nullopt;
    std::string_view line = text.substr(at, newline - at);
    at = newline + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) break;
    add_line(line, status, headers);
    is_empty = false;
  }
  if (is_empty) refuse("", "comes first: there is no head");
  if (!status) {
    const bool redirect = find_header(headers, "Location") != nullptr;
    status.emplace(standard_status(redirect ? 302 : 200));
  }
  return Head{*std::move(status), std::move(headers), at};
}

}  // namespace decant::cgi_response
