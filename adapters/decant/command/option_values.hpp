// SPDX-License-Identifier: MIT
// What options are given as: numbers, times, words of a list. Each throws
// UsageError, one line that names the option and what it takes.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "decant/error.hpp"
#include "decant/text.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace decant::command {

/// Digits only, between `least` and `most`.
std::uint64_t parse_number(
    std::string_view option, std::string_view text, std::uint64_t least = 0,
    std::uint64_t most = std::numeric_limits<std::int64_t>::max());

/// "N" or "N,M".
std::pair<std::uint64_t, std::optional<std::uint64_t>> parse_pair(
    std::string_view option, std::string_view text);

std::chrono::seconds parse_seconds(std::string_view option,
                                   std::string_view text,
                                   std::uint64_t least = 0);

/// Words and what they stand for.
template <class Value, std::size_t size>
using Choices = std::array<std::pair<const char*, Value>, size>;

template <class Value, std::size_t size>
Value choose(std::string_view option, std::string_view text,
             const Choices<Value, size>& choices) {
  std::string names;
  for (const auto& [name, value] : choices) {
    if (text == name) return value;
    names += (names.empty() ? "" : " ") + std::string(name);
  }
  throw UsageError(std::string(option) + ": " + decant::quoted(text) +
                   " is not one of: " + names);
}

/// Has the last one count where an option that takes one value is given again:
/// scripts around the command add theirs in front.
void let_the_last_count(CLI::App& app);

/// Parses `words`. Gives false when help or versions were asked for and have
/// been printed. Throws UsageError: one line that names what was mistyped, and
/// what may have been meant.
bool parse_words(CLI::App& app, std::vector<std::string> words);

/// An option that may be given as often as one likes, each time with one word.
CLI::Option* add_repeatable(CLI::App& app, const char* names,
                            std::vector<std::string>& values,
                            const char* description);

}  // namespace decant::command
