// SPDX-License-Identifier: MIT
// The media type of a file, by its name (RFC 9110 section 8.3).
#pragma once

#include <string>
#include <string_view>

namespace decant {

/// "text/html; charset=utf-8" for "index.html": what /etc/mime.types says, or
/// else a small table; "application/octet-stream" for an ending that neither
/// knows. Any thread may call it.
std::string media_type(std::string_view file_name);

}  // namespace decant
