// SPDX-License-Identifier: MIT
#include "support/http_client.hpp"

#include <algorithm>
#include <charconv>

namespace decant::test {
namespace {

using std::string_view;

/// A number at the front of `text`, in `base`.
std::optional<std::size_t> number(string_view text, int base) {
  std::size_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end == text.data()) return std::nullopt;
  return value;
}

string_view trimmed(string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Status and headers up to the empty line; false while it has not come.
bool parse_head(string_view bytes, HttpResponse& response) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == string_view::npos) return false;
  string_view lines = bytes.substr(0, end + 2);
  const auto next_line = [&lines] {
    const std::size_t newline = lines.find("\r\n");
    const string_view line = lines.substr(0, newline);
    lines.remove_prefix(newline + 2);
    return line;
  };
  const string_view first = next_line();
  const std::size_t space = first.find(' ');
  if (space == string_view::npos) return false;
  response.status_line = first.substr(space + 1);
  response.status =
      static_cast<int>(number(response.status_line, 10).value_or(0));
  while (!lines.empty()) {
    const string_view line = next_line();
    const std::size_t colon = std::min(line.find(':'), line.size());
    response.headers.emplace_back(
        line.substr(0, colon),
        trimmed(line.substr(std::min(colon + 1, line.size()))));
  }
  response.size = end + 4;
  return true;
}

/// RFC 9112 section 7.1; complete once the last chunk has come.
void parse_chunks(string_view bytes, HttpResponse& response) {
  std::size_t at = response.size;
  for (;;) {
    const std::size_t newline = bytes.find("\r\n", at);
    if (newline == string_view::npos) break;
    const auto size = number(bytes.substr(at), 16);
    if (!size) break;
    const std::size_t begin = newline + 2;
    if (*size == 0) {
      response.complete = bytes.substr(begin).starts_with("\r\n");
      if (response.complete) response.size = begin + 2;
      return;
    }
    response.body += bytes.substr(begin, *size);
    if (bytes.size() < begin + *size + 2) break;
    at = begin + *size + 2;
  }
  response.size = bytes.size();
}

void parse_body(string_view bytes, bool ended, bool to_head,
                HttpResponse& response) {
  const bool none = to_head || response.status == 204 || response.status == 304;
  const auto length = number(response.header("Content-Length"), 10);
  if (none) {
    response.complete = true;
  } else if (equals_ignoring_case(response.header("Transfer-Encoding"),
                                  "chunked")) {
    parse_chunks(bytes, response);
  } else {
    const string_view rest = bytes.substr(response.size);
    response.body = rest.substr(0, length.value_or(rest.size()));
    response.complete = length ? response.body.size() == *length : ended;
    response.size += response.body.size();
  }
}

}  // namespace

std::string HttpResponse::header(string_view name) const {
  const std::string* const found = find_header(headers, name);
  return found != nullptr ? *found : "";
}

std::optional<HttpResponse> parse_http_response(string_view bytes, bool ended,
                                                bool to_head) {
  HttpResponse response;
  if (!parse_head(bytes, response)) {
    return ended ? std::optional(response) : std::nullopt;
  }
  if (response.status == 100) {
    auto next =
        parse_http_response(bytes.substr(response.size), ended, to_head);
    if (next) next->size += response.size;
    return next;
  }
  parse_body(bytes, ended, to_head, response);
  if (!response.complete && !ended) return std::nullopt;
  return response;
}

std::string http_request(string_view method, string_view target,
                         string_view body, const Headers& headers) {
  std::string out(method);
  out += ' ';
  out += target;
  out += " HTTP/1.1\r\n";
  if (find_header(headers, "Host") == nullptr) out += "Host: localhost\r\n";
  for (const auto& [name, value] : headers) {
    out.append(name).append(": ").append(value).append("\r\n");
  }
  const bool framed = find_header(headers, "Content-Length") != nullptr ||
                      find_header(headers, "Transfer-Encoding") != nullptr;
  if (!body.empty() && !framed) {
    out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  }
  out += "\r\n";
  out += body;
  return out;
}

std::string http_chunked_request(string_view method, string_view target,
                                 string_view body, std::size_t size,
                                 Headers headers) {
  headers.emplace_back("Transfer-Encoding", "chunked");
  std::string chunks;
  while (!body.empty()) {
    const string_view chunk = body.substr(0, size);
    char digits[20];
    const auto [end, error] =
        std::to_chars(digits, digits + sizeof digits, chunk.size(), 16);
    chunks.append(digits, end);
    chunks += "\r\n";
    chunks += chunk;
    chunks += "\r\n";
    body.remove_prefix(chunk.size());
  }
  return http_request(method, target, chunks + "0\r\n\r\n", headers);
}

HttpResponse HttpClient::receive(bool to_head, Milliseconds limit) {
  std::optional<HttpResponse> response;
  receive_until(
      [&] {
        response = parse_http_response(received(), ended(), to_head);
        return response.has_value();
      },
      limit);
  if (!response) response = parse_http_response(received(), true, to_head);
  take(response->size);
  return *std::move(response);
}

HttpResponse http_get(std::uint16_t port, string_view target) {
  HttpClient client(port);
  client.send(http_request("GET", target, "", {{"Connection", "close"}}));
  return client.receive();
}

}  // namespace decant::test
