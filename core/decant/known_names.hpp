// SPDX-License-Identifier: MIT
// The variables that web servers send nearly always: each has a number, so
// that it is found without a search.
#pragma once

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

inline constexpr std::array<std::string_view, 79> known_names = {
    "AUTH_TYPE",
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

/// The last eight bytes, or all there are.
constexpr std::uint64_t last_word(std::string_view text) noexcept {
  if (text.size() >= 8) return word_at(text.data() + text.size() - 8);
  std::uint64_t word = 0;
  for (std::size_t i = text.size(); i-- > 0;) {
    word = word << 8U | static_cast<unsigned char>(text[i]);
  }
  return word;
}

/// Tells all known names apart: the factor was searched for.
constexpr std::size_t slot_of(std::string_view name) noexcept {
  constexpr std::uint64_t factor = 0x46a100f0932f1cbb;
  return static_cast<std::size_t>((last_word(name) + name.size()) * factor >>
                                  56U);
}

/// A known name, as far as it takes to recognise it.
struct NameSlot {
  std::uint64_t first = 0;   // eight bytes, or all there are
  std::uint64_t middle = 0;  // those from the eighth on, where there are more
  std::uint64_t last = 0;
  std::uint8_t size = 0;
  NameId id = 0;
};

constexpr std::uint64_t middle_word(std::string_view text) noexcept {
  return text.size() > 16 ? word_at(text.data() + 8) : 0;
}

constexpr std::array<NameSlot, 256> make_name_slots() {
  std::array<NameSlot, 256> slots{};
  for (std::size_t i = 0; i < known_names.size(); ++i) {
    const std::string_view name = known_names[i];
    NameSlot& slot = slots[slot_of(name)];
    if (slot.id != 0) throw "two known names in one slot";
    slot = {.first = name.size() < 8 ? 0 : word_at(name.data()),
            .middle = middle_word(name),
            .last = last_word(name),
            .size = static_cast<std::uint8_t>(name.size()),
            .id = static_cast<NameId>(i + 1)};
  }
  return slots;
}

inline constexpr auto name_slots = make_name_slots();

constexpr NameId name_id(std::string_view name) noexcept {
  const NameSlot& slot = name_slots[slot_of(name)];
  const std::size_t size = name.size();
  if (slot.size != size || slot.last != last_word(name)) return 0;
  if (size > 8) {
    if (slot.first != word_at(name.data())) return 0;
    if (slot.middle != middle_word(name)) return 0;
    if (size > 24 && known_names[slot.id - 1U] != name) return 0;
  }
  return slot.id;
}

}  // namespace decant::detail
