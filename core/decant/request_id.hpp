// SPDX-License-Identifier: MIT
// The numbers of requests.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace decant {

/// Of a request's number: the upper bits are the process, these the count.
inline constexpr int request_count_bits = 40;

/// A request's number as a log has it: "4711-18", process and count.
class RequestIdText {
 public:
  explicit RequestIdText(std::uint64_t id) noexcept;
  std::string_view view() const noexcept { return {text_.data(), size_}; }

 private:
  std::array<char, 24> text_;
  std::size_t size_;
};

}  // namespace decant
