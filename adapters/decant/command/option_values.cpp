// SPDX-License-Identifier: MIT
#include "decant/command/option_values.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>

#include "decant/command/nearest.hpp"
#include "decant/number.hpp"

namespace decant::command {
namespace {

std::string one_line(std::string_view text) {
  std::string line;
  append_escaped(line, text);
  return line;
}

/// "; try 'decant fcgi --help'"
std::string ask_help(const CLI::App& app) {
  return "; try '" + app.get_name() + " --help'";
}

/// The options of `app` as they are typed, or the long ones as keys.
std::vector<std::string> names_of(const CLI::App& app, bool as_keys) {
  std::vector<std::string> names;
  for (const CLI::Option* const option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      names.push_back(as_keys ? name : "--" + name);
    }
    if (as_keys) continue;
    for (const std::string& name : option->get_snames()) {
      names.push_back('-' + name);
    }
  }
  return names;
}

std::string did_you_mean(const std::string& word) {
  return word.empty() ? "" : "; did you mean " + word + "?";
}

/// The first of `words` that is no option, in the order in which they were
/// typed, and what `app` did not expect else.
std::string unexpected(const CLI::App& app,
                       const std::vector<std::string>& words) {
  const std::vector<std::string> names = names_of(app, false);
  const std::vector<std::string> left = app.remaining();
  for (const std::string& word : words) {
    if (word.size() < 2 || word[0] != '-' ||
        std::find(left.begin(), left.end(), word) == left.end()) {
      continue;
    }
    const std::string name = word.substr(0, word.find('='));
    return "there is no option " + decant::quoted(name) +
           did_you_mean(nearest(name, names));
  }
  for (const std::string& word : words) {
    if (std::find(left.begin(), left.end(), word) != left.end()) {
      return decant::quoted(word) + " is one word too many";
    }
  }
  return "a word too many was given";
}

/// The first line of a TOML file whose key is no option: "FILE:LINE: there is
/// no option ..."; empty when there is none.
std::string unknown_key(const CLI::App& app, const std::string& path) {
  const std::vector<std::string> keys = names_of(app, true);
  std::ifstream file(path);
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const std::size_t begin = line.find_first_not_of(" \t");
    const std::size_t equals = line.find('=');
    if (begin == std::string::npos || equals == std::string::npos ||
        std::string_view("#;[").find(line[begin]) != std::string_view::npos) {
      continue;
    }
    std::string key = line.substr(begin, equals - begin);
    key.erase(key.find_last_not_of(" \t\"") + 1);
    key.erase(0, key.starts_with('"') ? 1 : 0);
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    return path + ':' + std::to_string(number) + ": there is no option " +
           decant::quoted(key) + did_you_mean(nearest(key, keys));
  }
  return {};
}

[[noreturn]] void refuse_file(const CLI::App& app,
                              const CLI::ConfigError& error) {
  const auto files = app.get_config_ptr()->results();
  const std::string what =
      files.empty() ? std::string() : unknown_key(app, files.back());
  throw UsageError(
      "--config: " + (what.empty() ? one_line(error.what()) : one_line(what)) +
      "; the keys are the long options of '" + app.get_name() +
      " --help', as threads = 2");
}

}  // namespace

void let_the_last_count(CLI::App& app) {
  for (CLI::Option* const option : app.get_options()) {
    if (option->nonpositional() &&
        option->get_multi_option_policy() == CLI::MultiOptionPolicy::Throw) {
      option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    }
  }
}

bool parse_words(CLI::App& app, std::vector<std::string> words) {
  const std::vector<std::string> typed = words;
  std::reverse(words.begin(), words.end());  // as CLI11 wants them
  try {
    app.parse(std::move(words));
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    return false;
  } catch (const CLI::CallForVersion& request) {
    std::cout << request.what() << '\n';
    return false;
  } catch (const CLI::ConfigError& error) {
    refuse_file(app, error);
  } catch (const CLI::ExtrasError&) {
    throw UsageError(one_line(unexpected(app, typed)) + ask_help(app));
  } catch (const CLI::ParseError& error) {
    throw UsageError(one_line(error.what()) + ask_help(app));
  }
  return true;
}

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
