// SPDX-License-Identifier: MIT
// What somebody may have meant who mistyped a word.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace decant::command {

/// The one of `words` that `text` becomes by the fewest changes: a letter more,
/// less or another, or two that change places. Empty when none is near.
std::string nearest(std::string_view text,
                    const std::vector<std::string>& words);

}  // namespace decant::command
