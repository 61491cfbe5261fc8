// SPDX-License-Identifier: MIT
// Response headers and the grammar of header fields (RFC 9110 section 5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace decant {

/// Response headers: (name, value) pairs in the order they are sent, repeats
/// kept. Bytes are latin-1 (PEP 3333, "A Note on String Types").
using Headers = std::vector<std::pair<std::string, std::string>>;

namespace detail {
bool same_ignoring_case(const char* a, const char* b,
                        std::size_t size) noexcept;
}

/// True when `a` and `b` are the same but for ASCII letter case.
inline bool equals_ignoring_case(std::string_view a,
                                 std::string_view b) noexcept {
  return a.size() == b.size() &&
         (a == b || detail::same_ignoring_case(a.data(), b.data(), a.size()));
}

/// The first value of `name`, compared without case; null when absent.
/// The pointer lives as long as the header it points into.
const std::string* find_header(const Headers& headers, std::string_view name);

/// Removes every header called `name`, compared without case.
void remove_header(Headers& headers, std::string_view name);

/// RFC 9110 section 5.6.2: one or more tchar.
bool is_token(std::string_view text) noexcept;

/// Without the spaces and tabs around it (RFC 9110 section 5.6.3).
std::string_view trimmed(std::string_view text) noexcept;

/// True when `text` holds no control character but the horizontal tab
/// (RFC 9110 section 5.5, bytes above 0x7F allowed as obs-text).
bool is_field_value(std::string_view text) noexcept;

/// Connection, Transfer-Encoding and the others that belong to one connection
/// (RFC 2616 section 13.5.1, which PEP 3333 refers to).
bool is_hop_by_hop(std::string_view name) noexcept;

/// Appends a head: `lead`, the status and CRLF, "Name: value" lines, each ended
/// by CRLF, and the empty line (RFC 9112 section 2.1, RFC 3875 section 6.3).
void append_head(std::string& out, std::string_view lead,
                 std::string_view status, const Headers& headers);

/// Digits only, no sign, no list, within 63 bits (RFC 9110 section 8.6).
std::optional<std::uint64_t> parse_content_length(
    std::string_view text) noexcept;

/// Checks every header as an application must not get it wrong and gives the
/// declared Content-Length, if any. Throws ApplicationError with the cure.
std::optional<std::uint64_t> check_headers(const Headers& headers);

}  // namespace decant
