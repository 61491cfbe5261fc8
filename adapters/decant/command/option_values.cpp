// SPDX-License-Identifier: MIT
#include "decant/command/option_values.hpp"

#include <CLI/CLI.hpp>

#include "decant/number.hpp"

namespace decant::command {

std::uint64_t parse_number(std::string_view option, std::string_view text,
                           std::uint64_t least, std::uint64_t most) {
  const auto number = decant::parse_number<std::uint64_t>(text);
  if (!number) {
    throw UsageError(std::string(option) + ": " + decant::quoted(text) +
                     " is not a number; give digits only");
  }
  if (*number < least || *number > most) {
    throw UsageError(std::string(option) + ": " + std::string(text) +
                     " is not between " + std::to_string(least) + " and " +
                     std::to_string(most));
  }
  return *number;
}

std::pair<std::uint64_t, std::optional<std::uint64_t>> parse_pair(
    std::string_view option, std::string_view text) {
  const std::size_t comma = text.find(',');
  const std::uint64_t first = parse_number(option, text.substr(0, comma));
  if (comma == std::string_view::npos) return {first, std::nullopt};
  return {first, parse_number(option, text.substr(comma + 1))};
}

std::chrono::seconds parse_seconds(std::string_view option,
                                   std::string_view text, std::uint64_t least) {
  constexpr std::uint64_t most = 10ULL * 365 * 24 * 3600;
  return std::chrono::seconds(parse_number(option, text, least, most));
}

CLI::Option* add_repeatable(CLI::App& app, const char* names,
                            std::vector<std::string>& values,
                            const char* description) {
  return app.add_option(names, values, description)
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

}  // namespace decant::command
