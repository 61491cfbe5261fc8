// SPDX-License-Identifier: MIT
// The variables that web servers send nearly always: each has a number, so
// that it is found without a search.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace decant::detail {

/// The number of a known name; 0 for any other.
using NameId = std::uint8_t;

inline constexpr std::array<std::string_view, 81> known_names = {
    "AUTHORIZATION",
    "AUTH_TYPE",
    "Authorization",
    "CONTENT_LENGTH",
    "CONTENT_TYPE",
    "CONTEXT_DOCUMENT_ROOT",
    "CONTEXT_PREFIX",
    "DOCUMENT_ROOT",
    "DOCUMENT_URI",
    "FCGI_ROLE",
    "GATEWAY_INTERFACE",
    "HTTPS",
    "HTTP_ACCEPT",
    "HTTP_ACCEPT_CHARSET",
    "HTTP_ACCEPT_ENCODING",
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_AUTHORIZATION",
    "HTTP_CACHE_CONTROL",
    "HTTP_CONNECTION",
    "HTTP_CONTENT_LENGTH",
    "HTTP_CONTENT_TYPE",
    "HTTP_COOKIE",
    "HTTP_DNT",
    "HTTP_EXPECT",
    "HTTP_FORWARDED",
    "HTTP_HOST",
    "HTTP_IF_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_RANGE",
    "HTTP_KEEP_ALIVE",
    "HTTP_ORIGIN",
    "HTTP_PRAGMA",
    "HTTP_PRIORITY",
    "HTTP_PROXY",
    "HTTP_RANGE",
    "HTTP_REFERER",
    "HTTP_SEC_CH_UA",
    "HTTP_SEC_CH_UA_MOBILE",
    "HTTP_SEC_CH_UA_PLATFORM",
    "HTTP_SEC_FETCH_DEST",
    "HTTP_SEC_FETCH_MODE",
    "HTTP_SEC_FETCH_SITE",
    "HTTP_SEC_FETCH_USER",
    "HTTP_TE",
    "HTTP_TRANSFER_ENCODING",
    "HTTP_UPGRADE_INSECURE_REQUESTS",
    "HTTP_USER_AGENT",
    "HTTP_VIA",
    "HTTP_X_CSRFTOKEN",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
    "HTTP_X_REQUESTED_WITH",
    "HTTP_X_REQUEST_ID",
    "PATH_INFO",
    "PATH_TRANSLATED",
    "QUERY_STRING",
    "REDIRECT_HTTP_AUTHORIZATION",
    "REDIRECT_STATUS",
    "REDIRECT_URL",
    "REMOTE_ADDR",
    "REMOTE_HOST",
    "REMOTE_IDENT",
    "REMOTE_PORT",
    "REMOTE_USER",
    "REQUEST_METHOD",
    "REQUEST_SCHEME",
    "REQUEST_URI",
    "SCRIPT_FILENAME",
    "SCRIPT_NAME",
    "SERVER_ADDR",
    "SERVER_ADMIN",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "SERVER_SIGNATURE",
    "SERVER_SOFTWARE",
    "UNIQUE_ID"};

/// Eight bytes as a number, the same one on every machine.
constexpr std::uint64_t word_at(const char* bytes) noexcept {
  std::uint64_t word = 0;
  if (!std::is_constant_evaluated() &&
      std::endian::native == std::endian::little) {
    std::memcpy(&word, bytes, sizeof word);
    return word;
  }
  for (unsigned i = 0; i < 8; ++i) {
    word |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return word;
}

/// Tells all known names of eight bytes and more apart: the factor was searched
/// for.
constexpr std::size_t slot_of(std::uint64_t last, std::size_t size) noexcept {
  constexpr std::uint64_t factor = 0x2cf81a836a22bce1;
  return static_cast<std::size_t>((last + size) * factor >> 56U);
}

/// A known name, as far as it takes to recognise it.
struct NameSlot {
  std::uint64_t first = 0;   // eight bytes
  std::uint64_t middle = 0;  // those from the eighth on, where there are more
  std::uint64_t last = 0;
  std::uint8_t size = 0;
  NameId id = 0;
};

constexpr std::uint64_t last_word(std::string_view text) noexcept {
  return word_at(text.data() + text.size() - 8);
}

constexpr std::uint64_t middle_word(std::string_view text) noexcept {
  return text.size() > 16 ? word_at(text.data() + 8) : 0;
}

constexpr std::array<NameSlot, 256> make_name_slots() {
  std::array<NameSlot, 256> slots{};
  for (std::size_t i = 0; i < known_names.size(); ++i) {
    const std::string_view name = known_names[i];
    if (name.size() < 8) continue;
    NameSlot& slot = slots[slot_of(last_word(name), name.size())];
    if (slot.id != 0) throw "two known names in one slot";
    slot = {.first = word_at(name.data()),
            .middle = middle_word(name),
            .last = last_word(name),
            .size = static_cast<std::uint8_t>(name.size()),
            .id = static_cast<NameId>(i + 1)};
  }
  return slots;
}

inline constexpr auto name_slots = make_name_slots();

/// The two that are shorter than eight bytes, and seldom sent.
constexpr NameId short_name_id(std::string_view name) noexcept {
  constexpr auto number = [](std::string_view known) {
    const auto* const at =
        std::find(known_names.begin(), known_names.end(), known);
    return static_cast<NameId>(at - known_names.begin() + 1);
  };
  constexpr NameId https = number("HTTPS");
  constexpr NameId te = number("HTTP_TE");
  return name == "HTTPS" ? https : name == "HTTP_TE" ? te : 0;
}

constexpr NameId name_id(std::string_view name) noexcept {
  const std::size_t size = name.size();
  if (size < 8) return short_name_id(name);
  const std::uint64_t last = last_word(name);
  const NameSlot& slot = name_slots[slot_of(last, size)];
  if (slot.size != size || slot.last != last) return 0;
  if (slot.first != word_at(name.data())) return 0;
  if (size > 16 && slot.middle != word_at(name.data() + 8)) return 0;
  if (size > 24 && known_names[slot.id - 1U] != name) return 0;
  return slot.id;
}

/// The number of a name that must be a known one.
consteval NameId known(std::string_view name) {
  const NameId id = name_id(name);
  if (id == 0) throw "not a known name";
  return id;
}

}  // namespace decant::detail
