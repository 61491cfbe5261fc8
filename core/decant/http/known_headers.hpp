// SPDX-License-Identifier: MIT
// The header fields that nearly every request has: recognised by a look at
// their first and last bytes, so that their variables' names are not made anew.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "decant/headers.hpp"
#include "decant/known_names.hpp"

namespace decant::http {

/// A header field that is known, and its CGI variable (RFC 3875 section
/// 4.1.18).
struct KnownHeader {
  std::uint64_t first = 0;  // its first eight bytes, or all, in small letters
  std::uint64_t last = 0;   // its last eight bytes where there are more
  std::uint8_t size = 0;    // 0: no header
  detail::NameId id = 0;    // of the name with HTTP_ in front
  detail::NameId variable = 0;
};

namespace known_headers {

constexpr std::size_t slots = 256;

constexpr std::size_t slot_of(std::uint64_t first, std::uint64_t last,
                              std::size_t size) noexcept {
  constexpr std::uint64_t factor = 0x9E3779B97F4A7C15;
  return static_cast<std::size_t>(((first ^ (last >> 3U)) + size) * factor >>
                                  56U);
}

constexpr std::uint64_t small_letters = 0x2020202020202020;

constexpr std::uint64_t below(std::uint64_t word, std::size_t size) noexcept {
  return size >= 8 ? word : word & ((std::uint64_t{1} << (8 * size)) - 1);
}

/// Of `name`, which eight bytes may be read of.
constexpr KnownHeader key_of(const char* name, std::size_t size) noexcept {
  const std::uint64_t first =
      below(decant::detail::word_at(name) | small_letters, size);
  const std::uint64_t last =
      size > 8 ? decant::detail::word_at(name + size - 8) | small_letters : 0;
  return {
      .first = first, .last = last, .size = static_cast<std::uint8_t>(size)};
}

consteval std::array<KnownHeader, slots> make_table() {
  std::array<KnownHeader, slots> table{};
  constexpr std::string_view prefix = "HTTP_";
  for (const std::string_view name : decant::detail::known_names) {
    if (!name.starts_with(prefix)) continue;
    std::array<char, 64> header{};
    std::size_t size = 0;
    for (const char c : name.substr(prefix.size())) {
      header[size++] = c == '_' ? '-' : static_cast<char>(c | 0x20);
    }
    KnownHeader entry = key_of(header.data(), size);
    entry.id = decant::detail::name_id(name);
    const bool is_bare =
        name == "HTTP_CONTENT_TYPE" || name == "HTTP_CONTENT_LENGTH";
    entry.variable =
        is_bare ? decant::detail::name_id(name.substr(5)) : entry.id;
    std::size_t at = slot_of(entry.first, entry.last, size);
    while (table[at].size != 0) at = (at + 1) % slots;
    table[at] = entry;
  }
  return table;
}

inline constexpr std::array<KnownHeader, slots> table = make_table();

/// A control character would pass for another byte in small letters.
constexpr bool has_control(std::uint64_t word) noexcept {
  constexpr std::uint64_t either = 0x4040404040404040;
  return ((word | (word << 1U)) & either) != either;
}

}  // namespace known_headers

/// The one of that name, in letters of any case; null for any other. Eight
/// bytes may be read of `name`.
inline const KnownHeader* find_known(std::string_view name) noexcept {
  const std::size_t size = name.size();
  if (size == 0 || size > 32) return nullptr;
  const KnownHeader key = known_headers::key_of(name.data(), size);
  const std::uint64_t head = decant::detail::word_at(name.data());
  const std::uint64_t filler = size >= 8 ? 0 : ~std::uint64_t{0} << (8 * size);
  if (known_headers::has_control(head | filler)) return nullptr;
  if (size > 8 && known_headers::has_control(
                      decant::detail::word_at(name.data() + size - 8))) {
    return nullptr;
  }
  for (std::size_t at = known_headers::slot_of(key.first, key.last, size);;
       at = (at + 1) % known_headers::slots) {
    const KnownHeader& entry = known_headers::table[at];
    if (entry.size == 0) return nullptr;
    if (entry.size != key.size || entry.first != key.first ||
        entry.last != key.last) {
      continue;
    }
    if (size <= 16) return &entry;
    // The middle was not looked at.
    const std::string_view variable =
        decant::detail::known_names[entry.id - 1U].substr(5);
    for (std::size_t i = 8; i < size - 8; ++i) {
      const char c = name[i];
      const char expected = variable[i] == '_' ? '-' : variable[i];
      const bool same = c == expected || (expected != '-' && c >= 'a' &&
                                          c <= 'z' && c - 32 == expected);
      if (!same) return nullptr;
    }
    return &entry;
  }
}

}  // namespace decant::http
