// SPDX-License-Identifier: MIT
// HTTP/1.x requests as Boost.Beast's parser reads them: a second opinion on
// where each begins and ends (RFC 9112).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "decant/headers.hpp"

namespace decant::test::beast {

/// A request as it was read; the texts are views into the parser.
struct RequestHead {
  std::string_view method;
  std::string_view target;
  bool http_1_0 = false;
  bool keep_alive = false;
  bool expects_continue = false;
  bool has_body = false;
  Headers headers;
};

/// Takes requests out of the bytes of a connection, one after the other. Does
/// no I/O: bytes in, heads and bodies out.
class RequestParser {
 public:
  RequestParser();
  ~RequestParser();

  /// Bytes that follow on those before.
  void put(std::string_view bytes);
  /// No more will come: from now on what is not whole is refused.
  void end() noexcept;

  /// The head of the next request, valid until the next call; no value where
  /// more bytes are wanted, or after a clean end. Throws GatewayError with the
  /// status it deserves: 400 for what is malformed, ambiguous or cut short, 431
  /// for a head of more than 64 KiB, 501 for a transfer coding other than
  /// chunked. What follows can then no longer be told apart.
  std::optional<RequestHead> head();

  /// Body bytes into the front of `buffer`, chunked ones decoded; 0 at the end
  /// of the body, or where more bytes are wanted. Throws GatewayError (400) for
  /// a body that is malformed or cut short.
  std::size_t body(std::span<char> buffer);
  bool body_ended() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace decant::test::beast
