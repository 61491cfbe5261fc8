// SPDX-License-Identifier: MIT
// Numbers in texts, without sign, blank or anything else around them.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace decant {

/// All of `text` as a decimal number; nothing for anything else, and for one
/// that is out of range.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end || text.starts_with('-')) {
    return std::nullopt;
  }
  return number;
}

}  // namespace decant
