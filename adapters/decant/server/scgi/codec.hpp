// SPDX-License-Identifier: MIT
// SCGI: bytes in, bytes out, no I/O.
#pragma once

#include <string>
#include <string_view>

#include "decant/service/request/variables_codec.hpp"

namespace decant::scgi {

/// The head is a netstring, "LENGTH:NAME\0VALUE\0...,", and the body follows.
class Codec final : public service::VariablesCodec {
 public:
  explicit Codec(const service::Limits& limits)
      : VariablesCodec(limits, "Status: ") {}

  std::string_view name() const noexcept override { return "scgi"; }
  std::string_view language() const noexcept override { return "SCGI"; }

 private:
  service::Scan scan_head(std::string_view bytes,
                          Variables& variables) override;
  service::Scan take_pairs(std::string_view text, std::size_t size,
                           Variables& variables);
};

/// Appends the head of a request, as a web server sends it. Neither names nor
/// values hold a NUL.
void append_head(std::string& out, const Variables& variables);

}  // namespace decant::scgi
