// SPDX-License-Identifier: MIT
// Paths of URLs: mount points, where SCRIPT_NAME ends and PATH_INFO begins (RFC
// 3875 sections 4.1.5 and 4.1.13), and percent-encoding (RFC 3986 section 2.1).
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

/// The same, with every '+' a space: a name or a value of a query string or a
/// form (WHATWG URL, "application/x-www-form-urlencoded parsing").
std::string form_decoded(std::string_view text);

/// A path as a URL has it, its slashes kept (RFC 3986 section 3.3).
std::string percent_encoded(std::string_view path);

/// A reference to a URL as a header may hold it: %XX and all that has a meaning
/// there stay, the rest is encoded (RFC 3986 section 2).
std::string reference_encoded(std::string_view reference);

/// A name or a value as a form has it: letters, digits and "*-._" as they are,
/// '+' for a space, %XX for the rest (WHATWG URL, the
/// application/x-www-form-urlencoded percent-encode set).
std::string form_encoded(std::string_view text);

}  // namespace decant
