// SPDX-License-Identifier: MIT
// Bytes that have a meaning in a head, looked for eight at a time.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "decant/known_names.hpp"

namespace decant::detail {

constexpr std::uint64_t repeated(unsigned char byte) {
  return std::uint64_t{0x0101010101010101} * byte;
}
static_assert(repeated(0x80) == 0x8080808080808080);

/// The lowest byte that has its highest bit set is the first that is zero in
/// `word`.
constexpr std::uint64_t zero_bytes(std::uint64_t word) {
  return (word - repeated(1)) & ~word & repeated(0x80);
}

/// The first byte that is `byte`; `end` where none is.
inline const char* find_byte(const char* at, const char* end, char byte) {
  const std::uint64_t all = repeated(static_cast<unsigned char>(byte));
  for (; end - at >= 8; at += 8) {
    const std::uint64_t found = zero_bytes(word_at(at) ^ all);
    if (found != 0) return at + std::countr_zero(found) / 8;
  }
  return std::find(at, end, byte);
}

/// Its lowest bit tells of the first byte that may be a control character: one
/// below 0x20, a tab among them, or DEL.
constexpr std::uint64_t control_bytes(std::uint64_t word) {
  return ((word - repeated(0x20)) & ~word & repeated(0x80)) |
         zero_bytes(word ^ repeated(0x7F));
}

constexpr std::array<bool, 256> make_field_table() {
  std::array<bool, 256> table{};
  for (unsigned c = 0; c < table.size(); ++c) {
    table[c] = (c >= 0x20 && c != 0x7F) || c == '\t';
  }
  return table;
}

/// What may stand in a field value: no control character but the tab.
inline constexpr auto field_table = make_field_table();

inline bool is_field_byte(char c) noexcept {
  return field_table[static_cast<unsigned char>(c)];
}

/// The first control character but the tab; `end` where there is none.
inline const char* find_control(const char* at, const char* end) {
  while (end - at >= 8) {
    const std::uint64_t found = control_bytes(word_at(at));
    if (found == 0) {
      at += 8;
      continue;
    }
    at += std::countr_zero(found) / 8;
    if (!is_field_byte(*at)) return at;
    ++at;
  }
  return std::find_if_not(at, end, is_field_byte);
}

}  // namespace decant::detail
