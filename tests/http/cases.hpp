// SPDX-License-Identifier: MIT
// The HTTP table: bytes that a client sends, and what comes of them.
#pragma once

#include <string>
#include <vector>

namespace decant::test::http {

/// What a client sees of the connection once the answers have come.
enum class Then {
  open,   ///< the next request on it is answered
  close,  ///< the server closes it, with no further byte
};

struct HttpCase {
  std::string section;  ///< of RFC 9110 or 9112, or of another standard
  std::string name;
  std::string bytes;
  std::vector<int> answers;  ///< their statuses, in order
  Then then = Then::open;
  /// A part of what comes back; what begins with '!' does not come.
  std::string holds = {};
};

using HttpCases = std::vector<HttpCase>;

/// A request with these lines, each ended by CRLF, and a Host.
std::string get(const std::string& lines = {});
std::string post(const std::string& lines, const std::string& body);
/// "GET TARGET HTTP/1.1" with a Host.
std::string target(const std::string& text);
std::string chunked(const std::string& body);

HttpCases request_line_cases();
HttpCases target_cases();
HttpCases field_cases();
HttpCases framing_cases();
HttpCases chunk_cases();
HttpCases connection_cases();
HttpCases response_cases();

}  // namespace decant::test::http
