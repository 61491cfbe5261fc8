// SPDX-License-Identifier: MIT
#include "decant/command/nearest.hpp"

#include <algorithm>
#include <array>

namespace decant::command {
namespace {

/// Longer ones are nobody's slip of the finger.
constexpr std::size_t longest = 64;

/// Damerau and Levenshtein's distance, with adjacent changes of places.
std::size_t distance(std::string_view a, std::string_view b) {
  std::array<std::array<std::size_t, longest + 1>, 3> rows{};
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& before = rows[(i - 1) % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t other = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({before[j] + 1, row[j - 1] + 1, before[j - 1] + other});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], rows[(i - 2) % 3][j - 2] + 1);
      }
    }
  }
  return rows[a.size() % 3][b.size()];
}

}  // namespace

std::string nearest(std::string_view text,
                    const std::vector<std::string>& words) {
  std::string best;
  // A third of it may be wrong, and two letters of a short one.
  std::size_t least = std::max<std::size_t>(2, text.size() / 3) + 1;
  if (text.size() > longest) return best;
  for (const std::string& word : words) {
    if (word.size() > longest) continue;
    const std::size_t steps = distance(text, word);
    if (steps < least && steps < word.size()) {
      least = steps;
      best = word;
    }
  }
  return best;
}

}  // namespace decant::command
