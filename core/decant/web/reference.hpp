// SPDX-License-Identifier: MIT
// Where a reference leads, as that of a Location (RFC 3986 section 5).
#pragma once

#include <string>
#include <string_view>

namespace decant::web {

/// The URL that `reference` stands for beside the URL `base`, which has a
/// scheme and a host. Without its fragment.
std::string resolve_reference(std::string_view base,
                              std::string_view reference);

}  // namespace decant::web
