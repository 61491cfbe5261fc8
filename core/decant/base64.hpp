// SPDX-License-Identifier: MIT
// Base64 (RFC 4648 section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace decant {

std::string base64_encoded(std::string_view bytes);

/// What `text` stands for; no value for what is no base64 with its padding. A
/// client that leaves the padding out is understood.
std::optional<std::string> base64_decoded(std::string_view text);

}  // namespace decant
