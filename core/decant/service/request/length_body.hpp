// SPDX-License-Identifier: MIT
// A body of known length behind a head, with nothing between its bytes.
#pragma once

#include <algorithm>
#include <cstdint>

#include "decant/service/request/body_reader.hpp"

namespace decant::service {

class LengthBody final : public BodyReader {
 public:
  LengthBody() : BodyReader(1) {}

  /// Turns to another body, of so many bytes.
  void begin(std::uint64_t length) noexcept {
    reset();
    left_ = length;
    ended_ = length == 0;
  }

  std::string_view next(std::string_view& in, std::size_t most) override {
    const std::size_t size = static_cast<std::size_t>(
        std::min<std::uint64_t>(left_, std::min(most, in.size())));
    const std::string_view piece = in.substr(0, size);
    in.remove_prefix(size);
    took(size);
    return piece;
  }
  std::size_t content_ahead() const noexcept override { return left_; }
  void took(std::size_t size) noexcept override {
    left_ -= size;
    ended_ = left_ == 0;
  }
  std::uint64_t unfinished() const noexcept override { return left_; }
  bool is_abort(std::string_view) const noexcept override { return false; }
  bool is_framed() const noexcept override { return true; }

 private:
  std::uint64_t left_ = 0;
};

}  // namespace decant::service
