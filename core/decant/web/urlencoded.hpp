// SPDX-License-Identifier: MIT
// application/x-www-form-urlencoded, read and written: query strings and plain
// forms (WHATWG URL, section 5).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "decant/web/fields.hpp"

namespace decant::web {

/// The fields of a text such as "a=1&b=x+y", as far as `most` of them; what is
/// malformed is taken as it stands, and nothing is an error. Throws FormError
/// (413) when there are more. Bytes stay as they are, UTF-8 or not.
Fields parse_urlencoded(std::string_view text, std::size_t most);

/// The text that stands for `fields`.
std::string urlencoded(const Fields& fields);

}  // namespace decant::web
