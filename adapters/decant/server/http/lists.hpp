// SPDX-License-Identifier: MIT
// Lists in header fields (RFC 9110 section 5.6.1).
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace decant::http {

/// Without the spaces and tabs around it.
constexpr std::string_view trimmed(std::string_view text) noexcept {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// The next element, which is taken from the front; empty ones are passed over.
inline std::optional<std::string_view> next_of_list(std::string_view& rest) {
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view element = trimmed(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (!element.empty()) return element;
  }
  return std::nullopt;
}

/// A field that is repeated is one list.
inline void append_list(std::string& list, std::string_view value) {
  if (!list.empty()) list += ',';
  list += value;
}

}  // namespace decant::http
