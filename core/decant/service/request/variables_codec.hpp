// SPDX-License-Identifier: MIT
// What protocols have in common that send CGI variables and a body of known
// length, one request on a connection, and are answered as CGI programs
// answer: the end of the connection is the end of the response.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "decant/service/limits.hpp"
#include "decant/service/request/codec.hpp"
#include "decant/service/request/length_body.hpp"
#include "decant/service/request/serving.hpp"

namespace decant::service {

/// A response whose head begins with `lead`: "Status: ", "HTTP/1.1 ".
class PlainFraming final : public ResponseFraming {
 public:
  explicit PlainFraming(std::string_view lead) : lead_(lead) {}

  void start(std::string& out, const ResponseHead& head,
             std::string_view piece) override;
  void append(std::string& out, std::string_view piece) override {
    out += piece;
  }
  std::size_t before(std::string&, std::size_t size) override { return size; }
  bool errors(std::string&, std::string_view) override { return false; }
  void end(std::string&, int) override {}
  void cut(std::string&) override {}
  bool cut_resets() const noexcept override { return true; }

 private:
  std::string_view lead_;
};

/// What Door::make_protocol is of such a protocol.
template <class Codec>
auto serving_with() {
  return [](Served served, Observer* observer) -> std::unique_ptr<Protocol> {
    served.paths = normaliser::Paths::whole_in_script_name;
    return std::make_unique<Serving>(
        served, std::make_unique<Codec>(served.limits), observer);
  };
}

/// Such a protocol but for its head.
class VariablesCodec : public Codec {
 public:
  Scan scan(std::string_view bytes, Variables& variables) final {
    complaint_ = {};
    return scan_head(bytes, variables);
  }
  void answer(std::string&, std::string_view) override {}
  void refuse(std::string& out, int status) override;
  std::string_view complaint() const noexcept override { return complaint_; }
  std::string_view late_answer() override;
  bool keeps_connection() const noexcept override { return false; }
  BodyReader& begin_body() override { return body_; }
  ResponseFraming& begin_response() override { return response_; }

 protected:
  /// Borrows `limits`.
  VariablesCodec(const Limits& limits, std::string_view lead)
      : limits_(limits), response_(lead) {}

  const Limits& limits() const noexcept { return limits_; }
  /// What a scan gives that found a whole head of `size` bytes: a request, or
  /// 400 where two lengths are given that differ.
  Scan found(std::size_t size, const Variables& variables);
  /// The same for a head that has more than the limits allow.
  Scan too_large();
  /// For one that is another protocol's, or not served here: it is closed, and
  /// the log says `why`, which must outlive the next scan.
  Scan closed(std::string_view why);

 private:
  /// See scan().
  virtual Scan scan_head(std::string_view bytes, Variables& variables) = 0;

  const Limits& limits_;
  LengthBody body_;
  PlainFraming response_;
  std::string_view complaint_;
  std::string late_answer_;
};

}  // namespace decant::service
