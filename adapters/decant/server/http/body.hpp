// SPDX-License-Identifier: MIT
// The body of an HTTP/1.1 request among the bytes behind its head, by its
// length or in chunks (RFC 9112 sections 6 and 7).
#pragma once

#include <cstdint>
#include <optional>

#include "decant/service/request/body_reader.hpp"

namespace decant::http {

class Body final : public service::BodyReader {
 public:
  Body() : BodyReader(1) {}

  /// Turns to the body of another request. With `holds_back` its client waits
  /// to be asked for it (RFC 9110 section 10.1.1).
  void begin(std::optional<std::uint64_t> length, bool chunked,
             bool holds_back) noexcept;

  std::string_view next(std::string_view& in, std::size_t most) override;
  std::size_t content_ahead() const noexcept override { return left_; }
  void took(std::size_t size) noexcept override;
  std::uint64_t unfinished() const noexcept override { return left_; }
  bool is_abort(std::string_view) const noexcept override { return false; }
  void ask() override;
  bool is_framed() const noexcept override { return true; }

  /// The client was never asked for a body that it holds back: what it sends
  /// next may be the body or another request.
  bool is_held_back() const noexcept { return holds_back_; }
  /// What is left of it is no more than costs less to skip than a new
  /// connection would.
  bool is_skippable() const noexcept;

 private:
  enum class Mark { size, end, trailer };

  bool take_mark(std::string_view& in);
  bool take_size(std::string_view line);
  bool take_trailer(std::string_view line);
  bool fail() noexcept {
    sound_ = false;
    return false;
  }

  std::uint64_t left_ = 0;  // of the content that comes next
  bool chunked_ = false;
  bool holds_back_ = false;
  Mark mark_ = Mark::size;      // comes next where nothing is left
  std::size_t extensions_ = 0;  // bytes of them so far
  std::size_t trailers_ = 0;
};

}  // namespace decant::http
