// SPDX-License-Identifier: MIT
// Dates as HTTP writes them (RFC 9110 section 5.6.7).
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace decant {

/// "Sun, 06 Nov 1994 08:49:37 GMT", whatever the locale.
std::string http_date(std::time_t time);

/// The time that a date of HTTP stands for, in any of its three forms; no value
/// for what is none.
std::optional<std::time_t> parse_http_date(std::string_view text);

}  // namespace decant
