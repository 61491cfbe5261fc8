// SPDX-License-Identifier: MIT
// HTTP/1.x as the service asks a protocol for it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "decant/error_page.hpp"
#include "decant/http/head.hpp"
#include "decant/server/http/body.hpp"
#include "decant/server/http/forwarded.hpp"
#include "decant/server/http/response.hpp"
#include "decant/service/limits.hpp"
#include "decant/service/request/codec.hpp"

namespace decant::http {

/// What a person may set of a door, beside its limits.
struct CodecSettings {
  /// Whose word about the client is taken.
  TrustedPeers trusted;
  /// A connection begins with a header of the PROXY protocol.
  bool proxy_protocol = false;
};

/// One end of a connection as text.
class AddressText {
 public:
  void set(const sockaddr* address);
  std::string_view host() const noexcept { return {host_.data(), host_size_}; }
  std::string_view port() const noexcept { return {port_.data(), port_size_}; }

 private:
  std::array<char, 64> host_{};
  std::array<char, 8> port_{};
  std::size_t host_size_ = 0;
  std::size_t port_size_ = 0;
};

class Codec final : public service::Codec {
 public:
  Codec(const service::Limits& limits,
        std::shared_ptr<const CodecSettings> settings)
      : limits_{.most_bytes = limits.max_params,
                .most_fields = limits.max_param_count},
        settings_(std::move(settings)) {}

  std::string_view name() const noexcept override { return "http"; }
  std::string_view language() const noexcept override { return "HTTP/1.1"; }
  void turn_to(service::Connection& connection) override {
    connection_ = &connection;
    to_head_ = false;
  }
  service::Scan scan(std::string_view bytes, Variables& variables) override;
  void answer(std::string&, std::string_view) override {}
  void refuse(std::string& out, int status) override;
  std::string_view complaint() const noexcept override { return complaint_; }
  bool answers_late_heads() const noexcept override { return true; }
  std::string_view late_answer() override;
  bool keeps_connection() const noexcept override {
    return response_.keeps_connection() && body_.is_skippable();
  }
  service::BodyReader& begin_body() override;
  service::ResponseFraming& begin_response() override;

 private:
  service::Scan scan_introduction(std::string_view bytes);
  void make_variables(Variables& variables);
  void add_ends(Variables& variables);
  void append_page(std::string& out, Response& response, ErrorPage page) const;

  const HeadLimits limits_;
  const std::shared_ptr<const CodecSettings> settings_;
  service::Connection* connection_ = nullptr;
  HeadParser parser_;
  Body body_;
  Response response_{body_};
  AddressText peer_;
  AddressText local_;
  std::string target_;  // where REQUEST_URI is in no bytes
  Forwarded forwarded_;
  std::string_view complaint_;
  bool to_head_ = false;  // what is refused had the method HEAD
  std::string late_answer_;
};

}  // namespace decant::http
