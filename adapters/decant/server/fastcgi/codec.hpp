// SPDX-License-Identifier: MIT
// FastCGI as the service asks a protocol for it, over the records.
#pragma once

#include <string>
#include <string_view>

#include "decant/server/fastcgi/records.hpp"
#include "decant/service/request/codec.hpp"

namespace decant::fastcgi {

/// A response in STDOUT records, with wsgi.errors in STDERR records.
class Response final : public service::ResponseFraming {
 public:
  /// Turns to the response of another request.
  void begin(std::uint16_t request_id) noexcept;

  void start(std::string& out, const ResponseHead& head,
             std::string_view piece) override;
  void append(std::string& out, std::string_view piece) override;
  std::size_t before(std::string& out, std::size_t size) override;
  bool errors(std::string& out, std::string_view lines) override;
  void end(std::string& out, int application_status) override;
  void cut(std::string& out) override;

 private:
  std::uint16_t id_ = 0;
  bool started_ = false;
  bool errors_sent_ = false;
};

class Codec final : public service::Codec {
 public:
  /// Borrows `limits`. With `authorizer` that role is served too.
  Codec(const service::Limits& limits, bool authorizer)
      : limits_(limits), authorizer_(authorizer) {}

  std::string_view name() const noexcept override { return "fastcgi"; }
  std::string_view language() const noexcept override { return "FastCGI 1.0"; }
  service::Scan scan(std::string_view bytes, Variables& variables) override;
  void answer(std::string& out, std::string_view piece) override;
  void refuse(std::string& out, int status) override;
  std::string_view late_answer() override;
  bool keeps_connection() const noexcept override {
    return head_.keep_connection;
  }
  service::BodyReader& begin_body() override;
  service::ResponseFraming& begin_response() override;

  /// What scan() found last.
  const HeadScan& head() const noexcept { return head_; }

 private:
  const service::Limits& limits_;
  const bool authorizer_;
  HeadScan head_;
  std::string scratch_;  // parameters that were spread over records
  StdinReader body_;
  Response response_;
  std::string late_answer_;
  std::uint16_t late_id_ = 0;
};

/// Appends what has a web server break a response off. Where END_REQUEST is
/// merely missing, nginx shows a whole one unless it both buffers and keeps
/// connections; at a record of no known version it always breaks off.
void append_break(std::string& out);

}  // namespace decant::fastcgi
