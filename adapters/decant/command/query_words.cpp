// SPDX-License-Identifier: MIT
#include "decant/command/query_words.hpp"

#include <algorithm>

#include "decant/path.hpp"

namespace decant::command {
namespace {

std::string without_backslashes(std::string text) {
  std::erase(text, '\\');
  return text;
}

std::vector<std::string> split_query(std::string_view query) {
  std::vector<std::string> words;
  for (;;) {
    const std::size_t plus = query.find('+');
    words.push_back(
        without_backslashes(percent_decoded(query.substr(0, plus))));
    if (plus == std::string_view::npos) return words;
    query.remove_prefix(plus + 1);
  }
}

}  // namespace

std::vector<std::string> without_query_words(std::vector<std::string> words,
                                             std::string_view query) {
  if (query.empty() || query.find('=') != std::string_view::npos) return words;
  const std::vector<std::string> client = split_query(query);
  if (client.size() > words.size()) return words;
  const auto tail = words.end() - static_cast<std::ptrdiff_t>(client.size());
  const bool same =
      std::equal(client.begin(), client.end(), tail,
                 [](const std::string& theirs, const std::string& word) {
                   return theirs == without_backslashes(word);
                 });
  if (same) words.erase(tail, words.end());
  return words;
}

}  // namespace decant::command
