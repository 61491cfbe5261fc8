// SPDX-License-Identifier: MIT
// The web server's end of FastCGI 1.0, written apart from decant's own so that
// the two judge each other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/socket_client.hpp"

namespace decant::test {

/// Names and values, repeats kept.
using FastcgiVariables = std::vector<std::pair<std::string, std::string>>;

// Record types (FastCGI 1.0 section 8).
inline constexpr int fcgi_begin_request = 1;
inline constexpr int fcgi_abort_request = 2;
inline constexpr int fcgi_end_request = 3;
inline constexpr int fcgi_params = 4;
inline constexpr int fcgi_stdin = 5;
inline constexpr int fcgi_stdout = 6;
inline constexpr int fcgi_stderr = 7;
inline constexpr int fcgi_get_values = 9;
inline constexpr int fcgi_get_values_result = 10;
inline constexpr int fcgi_unknown_type = 11;

// Roles, and what END_REQUEST says of the protocol.
inline constexpr int fcgi_responder = 1;
inline constexpr int fcgi_authorizer = 2;
inline constexpr int fcgi_request_complete = 0;
inline constexpr int fcgi_cant_mpx_conn = 1;
inline constexpr int fcgi_overloaded = 2;
inline constexpr int fcgi_unknown_role = 3;

struct FastcgiRecord {
  int type = 0;
  int id = 0;
  std::string content;
};

/// One record as bytes.
std::string fastcgi_record(int type, int id, std::string_view content,
                           std::size_t padding = 0);
/// A stream as records of at most `size` bytes, without its end.
std::string fastcgi_stream(int type, int id, std::string_view content,
                           std::size_t size = 65535);
/// One name-value pair.
std::string fastcgi_pair(std::string_view name, std::string_view value);
std::string fastcgi_pairs(const FastcgiVariables& variables);
std::string fastcgi_begin(int id = 1, int role = fcgi_responder,
                          bool keep_connection = false);

/// How a request deviates from the plainest one.
struct FastcgiShape {
  int id = 1;
  int role = fcgi_responder;
  bool keep_connection = false;
  /// Ends the STDIN stream.
  bool end_of_body = true;
  std::size_t padding = 0;
};

/// A whole request as bytes.
std::string fastcgi_request(const FastcgiVariables& variables,
                            std::string_view body,
                            const FastcgiShape& shape = {});

struct FastcgiResponse {
  std::string output;
  std::string errors;
  /// END_REQUEST came.
  bool complete = false;
  std::uint32_t application_status = 0;
  int protocol_status = 0;
};

/// Adds what the content of an END_REQUEST record says.
void add_end(FastcgiResponse& response, std::string_view content);

/// A connection to a FastCGI service.
class FastcgiClient : public SocketClient {
 public:
  using SocketClient::SocketClient;

  /// The next record; no value when the peer ended or `limit` passed before it
  /// was whole.
  std::optional<FastcgiRecord> receive_record(Milliseconds limit = patience);
  /// Receives records of request `id` up to END_REQUEST or the end of the
  /// connection. Records of others are dropped.
  FastcgiResponse receive(int id = 1, Milliseconds limit = patience);
};

}  // namespace decant::test
