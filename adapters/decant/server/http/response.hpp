// SPDX-License-Identifier: MIT
// A response as an HTTP/1.1 message: its head, and its body by length, in
// chunks or to the close of the connection (RFC 9112 sections 6 and 7).
#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "decant/server/http/body.hpp"
#include "decant/service/request/response_framing.hpp"

namespace decant::http {

/// The line in front of a chunk of `size` bytes (RFC 9112 section 7.1).
void append_chunk_size(std::string& out, std::size_t size);

/// "Date: ..." with its CRLF, made anew once a second. One per thread.
class DateField {
 public:
  std::string_view text();

 private:
  std::time_t made_ = 0;
  std::string text_;
};

/// What the connection and its request allow the response.
struct ResponseTerms {
  bool http_1_0 = false;
  bool keep_alive = false;
};

class Response final : public service::ResponseFraming {
 public:
  /// Borrows the body of its request: while that cannot be skipped, the
  /// connection cannot be kept.
  explicit Response(const Body& body) : body_(body) {}

  /// Turns to another response.
  void begin(const ResponseTerms& terms) noexcept {
    terms_ = terms;
    chunked_ = until_close_ = in_chunk_ = started_ = false;
  }

  void start(std::string& out, const ResponseHead& head,
             std::string_view piece) override;
  void append(std::string& out, std::string_view piece) override;
  std::size_t before(std::string& out, std::size_t size) override;
  void after(std::string& out) override;
  bool errors(std::string&, std::string_view) override { return false; }
  void end(std::string& out, int application_status) override;
  void end_short(std::string&, int) override { terms_.keep_alive = false; }
  void cut(std::string&) override { terms_.keep_alive = false; }
  bool cut_resets() const noexcept override { return until_close_; }

  bool keeps_connection() const noexcept { return terms_.keep_alive; }

 private:
  void append_fields(std::string& out, const Headers& headers);

  const Body& body_;
  ResponseTerms terms_;
  DateField date_;
  bool started_ = false;
  bool chunked_ = false;
  bool until_close_ = false;
  bool in_chunk_ = false;  // whose CRLF is still to come
};

}  // namespace decant::http
