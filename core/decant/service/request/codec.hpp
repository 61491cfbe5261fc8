// SPDX-License-Identifier: MIT
// What a protocol makes of the bytes of a connection: bytes in, bytes out, no
// I/O. Everything else about a request is the same for all of them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "decant/service/loop/connection.hpp"
#include "decant/service/request/body_reader.hpp"
#include "decant/service/request/response_framing.hpp"
#include "decant/variables.hpp"

namespace decant::service {

/// What lies at the front of a connection between two requests.
struct Scan {
  enum class State {
    incomplete,  ///< a request, or what stands between two, has begun
    request,     ///< the head of a request is there as a whole
    between,     ///< a whole piece that is no part of a request: take it out
    refused,     ///< a request that the application is not to see
    malformed,   ///< not this protocol: what follows cannot be told apart
  };
  State state = State::incomplete;
  /// Bytes of what was found. While it is incomplete: the bytes that must be
  /// there before another scan can get further.
  std::size_t size = 0;
  /// Where a piece between begins: at 0, or inside a head.
  std::size_t offset = 0;
  /// Such a piece belongs to a request that nobody serves.
  bool of_request = false;
  /// Why a request is refused, as an HTTP status; 0: the protocol has an answer
  /// of its own, and what belongs to the request can be told apart.
  int status = 0;
};

/// One for each thread and door; it has one request in hand at a time, the one
/// that scan() found last.
class Codec {
 public:
  virtual ~Codec() = default;

  /// In front of a line of the log: "fastcgi".
  virtual std::string_view name() const noexcept = 0;
  /// What its peers are to send: "FastCGI 1.0".
  virtual std::string_view language() const noexcept = 0;

  /// Turns to a connection, whose bytes scan() gets next.
  virtual void turn_to(Connection& /*connection*/) {}
  /// Looks at the front of `bytes`. With State::request the variables are in
  /// `variables`, as views into `bytes` or into the codec that stay valid until
  /// the next scan. Lengths beyond the limits are refused before their bytes
  /// have come.
  virtual Scan scan(std::string_view bytes, Variables& variables) = 0;
  /// Appends the answer to a whole piece between requests, if it wants one.
  virtual void answer(std::string& out, std::string_view piece) = 0;
  /// Appends a whole response that says no more than `status`; with 0 the
  /// protocol's own answer to what it refuses or finds malformed.
  virtual void refuse(std::string& out, int status) = 0;
  /// Why it was, for the log; empty where the service knows enough to say.
  virtual std::string_view complaint() const noexcept { return {}; }
  /// True when a head that does not come to its end is answered with 408.
  virtual bool answers_late_heads() const noexcept { return false; }
  /// The same for a request whose time is over, 504: the codec's own until the
  /// next scan.
  virtual std::string_view late_answer() = 0;

  /// The peer wants to send a further request on the connection.
  virtual bool keeps_connection() const noexcept = 0;
  /// The body behind the head, from its beginning.
  virtual BodyReader& begin_body() = 0;
  /// The response, from its beginning.
  virtual ResponseFraming& begin_response() = 0;
};

}  // namespace decant::service
