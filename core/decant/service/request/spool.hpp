// SPDX-License-Identifier: MIT
// --spool: a request body that is there before the application is called.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "decant/descriptor.hpp"
#include "decant/streams.hpp"

namespace decant::service {

/// Reads the beginning of a body ahead, up to a number of bytes, and gives it
/// again; what is beyond comes from the source. A web server that stops to
/// send the body once the head of the response has come (nginx, Caddy, Apache)
/// has sent it by then.
class Spool final : public InputSource {
 public:
  /// Borrows `source`. `most` is the number of bytes, 0: none.
  Spool(InputSource& source, std::uint64_t most)
      : source_(source), most_(most) {}

  /// Reads ahead. Blocks as long as the source does, and throws what that
  /// throws; GatewayError (503) when there is no room on the disk.
  void prepare(std::optional<std::uint64_t> length) override;
  std::size_t read(std::span<char> buffer) override;
  bool ready() override;
  int descriptor() const noexcept override { return source_.descriptor(); }

 private:
  void keep(std::span<const char> bytes);

  InputSource& source_;
  std::uint64_t most_;
  std::uint64_t size_ = 0;
  std::uint64_t position_ = 0;
  std::string memory_;
  Descriptor file_;  // of what is more than memory_ may hold; unlinked
  bool ended_ = false;
};

}  // namespace decant::service
