// SPDX-License-Identifier: MIT
// Lists in header fields (RFC 9110 section 5.6.1).
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "decant/headers.hpp"

namespace decant::http {

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
