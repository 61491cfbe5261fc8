// SPDX-License-Identifier: MIT
// Dates as HTTP writes them (RFC 9110 section 5.6.7).
#pragma once

#include <ctime>
#include <optional>
#include <string>

namespace decant {

/// "Sun, 06 Nov 1994 08:49:37 GMT", whatever the locale.
std::string http_date(std::time_t time);

}  // namespace decant
