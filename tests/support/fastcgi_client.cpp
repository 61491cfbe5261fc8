// SPDX-License-Identifier: MIT
#include "support/fastcgi_client.hpp"

#include <algorithm>

namespace decant::test {
namespace {

using std::string_view;

constexpr std::size_t header_size = 8;

char byte(std::size_t value) {
  return static_cast<char>(value & 0xFF);
}

std::size_t at(string_view bytes, std::size_t index) {
  return static_cast<unsigned char>(bytes[index]);
}

std::string length(std::size_t size) {
  if (size < 128) return {byte(size)};
  return {byte(size >> 24 | 0x80), byte(size >> 16), byte(size >> 8),
          byte(size)};
}

/// The record at the front of `bytes`, and how many of them it takes.
std::optional<std::pair<FastcgiRecord, std::size_t>> decode(string_view bytes) {
  if (bytes.size() < header_size) return std::nullopt;
  const std::size_t content = at(bytes, 4) << 8 | at(bytes, 5);
  const std::size_t size = header_size + content + at(bytes, 6);
  if (bytes.size() < size) return std::nullopt;
  return std::pair{
      FastcgiRecord{static_cast<int>(at(bytes, 1)),
                    static_cast<int>(at(bytes, 2) << 8 | at(bytes, 3)),
                    std::string(bytes.substr(header_size, content))},
      size};
}

}  // namespace

std::string fastcgi_record(int type, int id, string_view content,
                           std::size_t padding) {
  const auto number = static_cast<std::size_t>(id);
  std::string out = {1,
                     byte(static_cast<std::size_t>(type)),
                     byte(number >> 8),
                     byte(number),
                     byte(content.size() >> 8),
                     byte(content.size()),
                     byte(padding),
                     0};
  out += content;
  out.append(padding, '\0');
  return out;
}

std::string fastcgi_stream(int type, int id, string_view content,
                           std::size_t size) {
  std::string out;
  while (!content.empty()) {
    out += fastcgi_record(type, id, content.substr(0, size));
    content.remove_prefix(std::min(size, content.size()));
  }
  return out;
}

std::string fastcgi_pair(string_view name, string_view value) {
  std::string out = length(name.size()) + length(value.size());
  out += name;
  out += value;
  return out;
}

std::string fastcgi_pairs(const FastcgiVariables& variables) {
  std::string out;
  for (const auto& [name, value] : variables) out += fastcgi_pair(name, value);
  return out;
}

std::string fastcgi_begin(int id, int role, bool keep_connection) {
  const auto number = static_cast<std::size_t>(role);
  const std::string content = {byte(number >> 8),
                               byte(number),
                               static_cast<char>(keep_connection ? 1 : 0),
                               0,
                               0,
                               0,
                               0,
                               0};
  return fastcgi_record(fcgi_begin_request, id, content);
}

std::string fastcgi_request(const FastcgiVariables& variables, string_view body,
                            const FastcgiShape& shape) {
  std::string out = fastcgi_begin(shape.id, shape.role, shape.keep_connection);
  const std::string pairs = fastcgi_pairs(variables);
  if (shape.padding == 0) {
    out += fastcgi_stream(fcgi_params, shape.id, pairs);
    out += fastcgi_record(fcgi_params, shape.id, "");
    out += fastcgi_stream(fcgi_stdin, shape.id, body);
  } else {
    out += fastcgi_record(fcgi_params, shape.id, pairs, shape.padding);
    out += fastcgi_record(fcgi_params, shape.id, "", shape.padding);
    if (!body.empty()) {
      out += fastcgi_record(fcgi_stdin, shape.id, body, shape.padding);
    }
  }
  if (shape.end_of_body) {
    out += fastcgi_record(fcgi_stdin, shape.id, "", shape.padding);
  }
  return out;
}

void add_end(FastcgiResponse& response, string_view content) {
  if (content.size() != 8) return;
  response.complete = true;
  response.application_status =
      static_cast<std::uint32_t>(at(content, 0) << 24 | at(content, 1) << 16 |
                                 at(content, 2) << 8 | at(content, 3));
  response.protocol_status = static_cast<int>(at(content, 4));
}

std::optional<FastcgiRecord> FastcgiClient::receive_record(Milliseconds limit) {
  std::optional<std::pair<FastcgiRecord, std::size_t>> decoded;
  receive_until(
      [&] {
        decoded = decode(received());
        return decoded.has_value();
      },
      limit);
  if (!decoded) return std::nullopt;
  take(decoded->second);
  return std::move(decoded->first);
}

FastcgiResponse FastcgiClient::receive(int id, Milliseconds limit) {
  const Deadline deadline(limit);
  FastcgiResponse response;
  while (!response.complete) {
    const auto record = receive_record(Milliseconds(deadline.left()));
    if (!record) break;
    if (record->id != id) continue;
    if (record->type == fcgi_stdout) response.output += record->content;
    if (record->type == fcgi_stderr) response.errors += record->content;
    if (record->type == fcgi_end_request) add_end(response, record->content);
  }
  return response;
}

}  // namespace decant::test
