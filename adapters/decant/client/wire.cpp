// SPDX-License-Identifier: MIT
#include "decant/client/wire.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "decant/cgi_response.hpp"
#include "decant/error.hpp"
#include "decant/server/fastcgi/records.hpp"
#include "decant/server/http/body.hpp"
#include "decant/server/http/response.hpp"
#include "decant/server/scgi/codec.hpp"
#include "decant/server/uwsgi/codec.hpp"
#include "decant/text.hpp"

namespace decant::client {
namespace {

using fastcgi::RecordType;
using web::Asked;
using web::Reply;

/// What of a request goes out in one chunk.
constexpr std::size_t chunk_size = 65536;

bool is_chunked(const Headers& headers) {
  const std::string* const coding = find_header(headers, "Transfer-Encoding");
  return coding != nullptr && equals_ignoring_case(*coding, "chunked");
}

void append_chunks(std::string& out, std::string_view body) {
  while (!body.empty()) {
    const std::string_view piece = body.substr(0, chunk_size);
    http::append_chunk_size(out, piece.size());
    out.append(piece).append("\r\n");
    body.remove_prefix(piece.size());
  }
  out += "0\r\n\r\n";
}

/// Takes the head from the front of `bytes`. False where there is no whole one.
bool take_head(std::string_view& bytes, Reply& reply) {
  std::optional<cgi_response::Head> head;
  try {
    head = cgi_response::parse_head(bytes);
  } catch (const GatewayError& error) {
    throw Error(std::string("client: what came is no response: ") +
                error.what());
  }
  if (!head) return false;
  reply.status = head->status.code();
  reply.status_line = head->status.line();
  reply.headers = std::move(head->headers);
  bytes.remove_prefix(head->size);
  return true;
}

bool has_content(const Reply& reply, bool to_head) {
  return !to_head && reply.status != 204 && reply.status != 304;
}

/// Takes the content, as far as it has come.
bool take_content(std::string_view bytes, bool to_head, Reply& reply) {
  if (!has_content(reply, to_head)) return true;
  const std::string_view length = reply.header("Content-Length");
  reply.body = bytes;
  return length.empty() || parse_content_length(length) == bytes.size();
}

bool take_chunks(std::string_view bytes, Reply& reply) {
  http::Body body;
  body.begin(std::nullopt, true, false);
  for (;;) {
    const std::string_view piece = body.next(bytes, bytes.size());
    if (piece.empty()) return body.ended();
    reply.body += piece;
  }
}

}  // namespace

std::string fastcgi_request(const Asked& asked) {
  constexpr std::uint16_t id = 1;
  const cgi_variables::RequestVariables variables = web::variables_of(asked);
  std::string pairs;
  for (const auto& [name, value] : variables.view()) {
    fastcgi::append_pair(pairs, name, value);
  }
  std::string out;
  // A responder whose connection ends with the request (section 5.1).
  fastcgi::append_record(out, RecordType::begin_request, id,
                         std::string_view("\0\1\0\0\0\0\0\0", 8));
  fastcgi::append_stream(out, RecordType::params, id, pairs);
  fastcgi::append_header(out, {.type = RecordType::params, .request_id = id});
  fastcgi::append_stream(out, RecordType::standard_input, id, asked.body);
  fastcgi::append_header(
      out, {.type = RecordType::standard_input, .request_id = id});
  return out;
}

bool read_fastcgi(std::string_view bytes, bool to_head, Reply& reply) {
  std::string output;
  bool has_ended = false;
  while (!has_ended && bytes.size() >= fastcgi::header_size) {
    const fastcgi::RecordHeader header = fastcgi::decode_header(bytes);
    if (bytes.size() < header.size() || header.version != 1) break;
    const std::string_view content =
        bytes.substr(fastcgi::header_size, header.content_length);
    bytes.remove_prefix(header.size());
    if (header.type == RecordType::standard_output) output += content;
    if (header.type == RecordType::standard_error) reply.log += content;
    has_ended = header.type == RecordType::end_request;
  }
  return read_cgi(output, to_head, reply) && has_ended;
}

std::string http_request(const Asked& asked) {
  const std::string_view raw = asked.target.raw;
  // RFC 9112 section 3.2.1: an empty path is sent as "/".
  const bool is_whole = raw.starts_with('/') || raw == "*";
  std::string out;
  out.append(asked.method).append(is_whole ? " " : " /").append(raw);
  out += " HTTP/1.1\r\n";
  const bool chunked = is_chunked(asked.headers);
  for (const auto& [name, value] : asked.headers) {
    if (chunked && equals_ignoring_case(name, "Content-Length")) continue;
    out.append(name).append(": ").append(value) += "\r\n";
  }
  if (equals_ignoring_case(asked.target.scheme, "https")) {
    out += "X-Forwarded-Proto: https\r\n";
  }
  out += "Connection: close\r\n\r\n";
  if (chunked) {
    append_chunks(out, asked.body);
  } else {
    out += asked.body;
  }
  return out;
}

bool read_http(std::string_view bytes, bool to_head, Reply& reply) {
  do {
    if (!take_head(bytes, reply)) return false;
  } while (reply.status < 200);  // 100 Continue
  const bool chunked = is_chunked(reply.headers);
  std::erase_if(reply.headers,
                [](const auto& header) { return is_hop_by_hop(header.first); });
  return chunked && has_content(reply, to_head)
             ? take_chunks(bytes, reply)
             : take_content(bytes, to_head, reply);
}

std::string scgi_request(const Asked& asked) {
  const cgi_variables::RequestVariables variables = web::variables_of(asked);
  require_no_nul(variables.view());
  std::string out;
  scgi::append_head(out, variables.view());
  return out += asked.body;
}

std::string uwsgi_request(const Asked& asked) {
  const cgi_variables::RequestVariables variables = web::variables_of(asked);
  std::string out;
  if (!uwsgi::append_head(out, variables.view())) {
    throw UsageError(
        "client: uwsgi has room for 65535 bytes of variables; send a shorter "
        "URL or fewer headers");
  }
  return out += asked.body;
}

bool read_cgi(std::string_view bytes, bool to_head, Reply& reply) {
  return take_head(bytes, reply) && take_content(bytes, to_head, reply);
}

void require_no_nul(const Variables& variables) {
  const bool has_nul =
      std::any_of(variables.begin(), variables.end(), [](const auto& variable) {
        return variable.value.find('\0') != std::string_view::npos;
      });
  if (has_nul) {
    throw UsageError(
        "client: %00 cannot be sent by CGI or SCGI; ask for another path");
  }
}

}  // namespace decant::client
