// SPDX-License-Identifier: MIT
// FNV-1a in 64 bits: tells texts apart that nobody makes on purpose.
#pragma once

#include <cstdint>
#include <string_view>

namespace decant::detail {

inline constexpr std::uint64_t fnv1a_offset = 0xcbf29ce484222325;

/// From another `offset` it is another digest.
constexpr std::uint64_t fnv1a(std::string_view text,
                              std::uint64_t offset = fnv1a_offset) noexcept {
  for (const char c : text) {
    offset = (offset ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return offset;
}

}  // namespace decant::detail
