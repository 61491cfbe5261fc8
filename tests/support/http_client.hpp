// SPDX-License-Identifier: MIT
// A client for HTTP/1.1 that shows what a browser hides: where a response was
// cut short.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "decant/headers.hpp"
#include "support/socket_client.hpp"

namespace decant::test {

struct HttpResponse {
  int status = 0;           ///< 0: no response came
  std::string status_line;  ///< "200 OK"
  Headers headers;
  std::string body;  ///< with the chunks put together
  /// The whole of it came: all of its Content-Length, the last chunk.
  bool complete = false;
  /// Bytes of the message.
  std::size_t size = 0;

  /// The first value of a header, empty when absent.
  std::string header(std::string_view name) const;
};

/// The response at the front of `bytes`, past any 100 Continue. No value while
/// more of it may come; once the peer has `ended`, what there is. A response to
/// HEAD has no body.
std::optional<HttpResponse> parse_http_response(std::string_view bytes,
                                                bool ended,
                                                bool to_head = false);

/// The bytes of a request, with a Content-Length where there is a body and a
/// Host unless `headers` has one.
std::string http_request(std::string_view method, std::string_view target,
                         std::string_view body = {},
                         const Headers& headers = {});
/// The same with its body in chunks of at most `size` bytes.
std::string http_chunked_request(std::string_view method,
                                 std::string_view target, std::string_view body,
                                 std::size_t size, Headers headers = {});

/// A connection to an HTTP server.
class HttpClient : public SocketClient {
 public:
  using SocketClient::SocketClient;
  /// To a port of 127.0.0.1.
  explicit HttpClient(std::uint16_t port)
      : SocketClient("127.0.0.1:" + std::to_string(port)) {}

  /// Receives one response and takes it from what was received.
  HttpResponse receive(bool to_head = false, Milliseconds limit = patience);
};

/// GET of `target` on a connection of its own.
HttpResponse http_get(std::uint16_t port, std::string_view target);

}  // namespace decant::test
