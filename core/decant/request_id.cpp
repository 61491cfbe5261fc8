// SPDX-License-Identifier: MIT
#include "decant/request_id.hpp"

#include <charconv>

namespace decant {

RequestIdText::RequestIdText(std::uint64_t id) noexcept {
  char* const end = text_.data() + text_.size();
  char* at = std::to_chars(text_.data(), end, id >> request_count_bits).ptr;
  *at++ = '-';
  constexpr std::uint64_t count = (std::uint64_t{1} << request_count_bits) - 1;
  at = std::to_chars(at, end, id & count).ptr;
  size_ = static_cast<std::size_t>(at - text_.data());
}

}  // namespace decant
