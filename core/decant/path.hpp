// SPDX-License-Identifier: MIT
// Paths of URLs: mount points, where SCRIPT_NAME ends and PATH_INFO begins (RFC
// 3875 sections 4.1.5 and 4.1.13), and percent-decoding (RFC 3986 section 2.1).
#pragma once

#include <string>
#include <string_view>

namespace decant {

/// A mount point as SCRIPT_NAME spells it: "" or "/" and something, without a
/// slash at the end.
std::string canonical_mount(std::string_view prefix);

/// True when `path` is the mount point or lies beneath it: /app matches /app
/// and /app/x, not /application. `mount` is canonical.
bool is_beneath(std::string_view path, std::string_view mount) noexcept;

/// The value of a hexadecimal digit; -1 for any other character.
int hex_digit(char c) noexcept;

/// `text` with every %XX decoded, once. What is no such triplet stays.
std::string percent_decoded(std::string_view text);

}  // namespace decant
