// SPDX-License-Identifier: MIT
// uwsgi, the protocol: bytes in, bytes out, no I/O.
#pragma once

#include <string>
#include <string_view>

#include "decant/service/request/variables_codec.hpp"

namespace decant::uwsgi {

/// A packet: its kind, the size of its pairs, a second modifier, and the pairs;
/// behind it the body.
class Codec final : public service::VariablesCodec {
 public:
  explicit Codec(const service::Limits& limits)
      : VariablesCodec(limits, "HTTP/1.1 ") {}

  std::string_view name() const noexcept override { return "uwsgi"; }
  std::string_view language() const noexcept override { return "uwsgi"; }
  /// A ping is answered with one.
  void answer(std::string& out, std::string_view piece) override;

 private:
  service::Scan scan_head(std::string_view bytes,
                          Variables& variables) override;
  service::Scan take_pairs(std::string_view text, std::size_t size,
                           Variables& variables);
};

/// Appends the head of a request, as a web server sends it. False, and nothing,
/// where there is more than a packet can hold, 65,535 bytes.
bool append_head(std::string& out, const Variables& variables);

}  // namespace decant::uwsgi
