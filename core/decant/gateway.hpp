// SPDX-License-Identifier: MIT
// The gateway: one request through one application, the WSGI algorithm
// (PEP 3333, "The Server/Gateway Side"). Server sides fill an Exchange.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "decant/application.hpp"
#include "decant/normaliser.hpp"
#include "decant/status.hpp"

namespace decant {

/// The head of a response as a server side sends it.
struct ResponseHead {
  const Status& status;
  const Headers& headers;
  /// Content-Length, declared or inferred; no value when it is not known.
  std::optional<std::uint64_t> content_length;
  /// False for HEAD, 1xx, 204 and 304: nothing will be sent after the head.
  bool has_content;
};

/// Where a response goes. A server side implements it; the gateway calls
/// start() at most once and send() only after it. Both transmit what they are
/// given before they return and throw ClientGone when nobody is left to take
/// it. With `last` nothing follows, and the server side may end its response
/// at once.
class Output : public detail::Client {
 public:
  /// Sends the head together with the first chunk, which may be empty.
  virtual void start(const ResponseHead& head, std::string_view chunk,
                     bool last) = 0;
  /// Sends a chunk, which is never empty.
  virtual void send(std::string_view chunk, bool last) = 0;
  /// The exit status of an application that is a process, before the response
  /// is ended; nothing that was said to be the last chunk has come then.
  virtual void exit_status(int /*status*/) noexcept {}
  /// True when send_file() is to be called for a body that is a large file.
  virtual bool sends_files() const noexcept { return false; }
  /// Sends what a file holds; after start(). Gives the number of bytes, fewer
  /// only when the file has become shorter; then no response can follow.
  virtual std::uint64_t send_file(const detail::FileSpan&, bool /*last*/) {
    return 0;
  }
};

/// One request: its variables, input, output and errors. Borrows everything.
struct Exchange {
  const Variables& variables;
  InputSource& input;
  Output& output;
  ErrorSink& errors;
  const normaliser::Rules& rules;
  normaliser::Framing framing = normaliser::Framing::content_length;
  normaliser::Paths paths = normaliser::Paths::split;
  Concurrency concurrency;
  /// The number that the lines of the log about this request carry; 0: none.
  std::uint64_t id = 0;
};

/// How an exchange ended. The server side makes it visible to its peer.
enum class Outcome {
  complete,     ///< the whole response was sent
  refused,      ///< the request was unusable and was answered 4xx
  failed,       ///< the application failed before the head: 500 was sent
  cut_short,    ///< the application failed after the head
  client_gone,  ///< the peer left
};

namespace gateway {

/// Runs `application` on one request and sends its response. Throws nothing
/// that the application threw: before the head has gone out that is logged and
/// answered with 500 (a GatewayError with its status), without a word of it to
/// the client; after it, it is logged and the response stays cut. A client that
/// left is a remark and no complaint. The body is closed exactly once in every
/// case.
Outcome run(const Exchange& exchange, const Application& application);

}  // namespace gateway
}  // namespace decant
