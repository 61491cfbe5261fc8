// SPDX-License-Identifier: MIT
// HTTP/1.x messages: requests read by Boost.Beast's parser, response heads
// written (RFC 9112).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "decant/headers.hpp"
#include "decant/status.hpp"

namespace decant::http {

/// Appends "HTTP/1.1 200 OK", the headers and the empty line.
void write_head(std::string& out, const Status& status, const Headers& headers);

/// True for "host", "host:port" and "[::1]:port" (RFC 9110 section 7.2). User
/// information is no part of it.
bool is_host(std::string_view text) noexcept;

/// A request as it was read; the texts are views into the reader.
struct RequestHead {
  std::string_view method;
  std::string_view target;
  bool http_1_0 = false;
  bool keep_alive = false;
  bool expects_continue = false;
  bool has_body = false;
  Headers headers;
};

/// Reads requests from a descriptor, one after the other.
class RequestReader {
 public:
  /// Borrows `fd`.
  explicit RequestReader(int fd);
  ~RequestReader();

  /// The next head; no value at a clean end, between requests. Throws
  /// GatewayError with the status it deserves: 400 for what is malformed or
  /// ambiguous, 431 for a head of more than 64 KiB, 501 for a transfer coding
  /// other than chunked. What follows can then no longer be told apart.
  std::optional<RequestHead> read_head();

  /// Body bytes, chunked ones decoded, at least one; 0 at the end. Throws
  /// GatewayError (400) for a body that is cut short or malformed.
  std::size_t read_body(std::span<char> buffer);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace decant::http
