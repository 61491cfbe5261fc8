// SPDX-License-Identifier: MIT
// Text that may have come from outside, made safe for a log, a terminal or a
// page.
#pragma once

#include <string>
#include <string_view>

namespace decant {

/// Appends `text` to `out` with every control character (C0 but tab, DEL, and
/// C1 in UTF-8) as \xNN, so that a log line stays one line and no terminal
/// obeys it. Newlines are escaped too.
void append_escaped(std::string& out, std::string_view text);

/// `text` escaped and between double quotes; more than 200 bytes are cut.
std::string quoted(std::string_view text);

/// True when there is a control character of ASCII in it, a tab too: what a log
/// would have to escape.
bool holds_control(std::string_view text) noexcept;

/// Appends `text` as it stands in HTML, in an element or in an attribute
/// between quotes of either kind.
void append_html(std::string& out, std::string_view text);

}  // namespace decant
