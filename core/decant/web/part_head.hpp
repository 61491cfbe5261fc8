// SPDX-License-Identifier: MIT
// What a part of a form says of itself (RFC 7578 section 4), and what a body of
// parts does.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "decant/headers.hpp"

namespace decant::web {

/// What stands before the content of a part.
struct PartHead {
  /// Of the field, as the client sent it.
  std::string name;
  /// Of the file, as the client sent it: not to be trusted, see safe_name(). No
  /// value for a part that is no file.
  std::optional<std::string> filename;
  /// As the client sent it; empty when it said nothing.
  std::string content_type;
  Headers headers;
};

/// Reads the lines of a head, each ended by CRLF. Throws FormError: 400 for
/// what is no form-data, 415 for a part that is coded.
PartHead parse_part_head(std::string_view text);

/// The last part of the name of a file as a client sent it, without what leads
/// elsewhere, hides it or harms a log: no slash, no backslash, no control
/// character, no dot in front, 255 bytes at most. "file" when nothing is left.
std::string safe_name(std::string_view filename);

/// The boundary that a Content-Type announces; nothing for another type. Throws
/// FormError (400) for multipart/form-data with none that RFC 2046 allows.
std::optional<std::string> multipart_boundary(std::string_view content_type);

}  // namespace decant::web
