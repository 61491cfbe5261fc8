// SPDX-License-Identifier: MIT
#include "decant/field_value.hpp"

#include <algorithm>
#include <optional>

#include "decant/headers.hpp"
#include "decant/number.hpp"

namespace decant {
namespace {

/// Where the quoted text ends that begins before `at`: at its quote.
std::size_t find_quote(std::string_view text, std::size_t at, bool escapes) {
  for (; at < text.size(); ++at) {
    if (text[at] == '"') return at;
    if (escapes && text[at] == '\\') ++at;
  }
  return std::string_view::npos;
}

bool ends_parameter(std::string_view rest) {
  rest = trimmed(rest);
  return rest.empty() || rest.front() == ';';
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escapes = text[i] == '\\' && i + 1 < text.size() &&
                         (text[i + 1] == '"' || text[i + 1] == '\\');
    if (escapes) ++i;
    out += text[i];
  }
  return out;
}

/// The text between the quotes with which `rest` begins, taken from its front.
std::optional<std::string> take_quoted(std::string_view& rest) {
  for (const bool escapes : {true, false}) {
    const std::size_t end = find_quote(rest, 1, escapes);
    if (end == std::string_view::npos || !ends_parameter(rest.substr(end + 1)))
      continue;
    const std::string_view text = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    return escapes ? unescaped(text) : std::string(text);
  }
  return std::nullopt;
}

}  // namespace

std::string_view take_element(std::string_view& list, char separator) {
  const char ends[] = {separator, '"'};
  std::size_t end = 0;
  while ((end = list.find_first_of({ends, 2}, end)) < list.size() &&
         list[end] == '"') {
    end = find_quote(list, end + 1, true);
    if (end == std::string_view::npos) break;
    ++end;
  }
  end = std::min(end, list.size());
  const std::string_view element = trimmed(list.substr(0, end));
  list.remove_prefix(std::min(end + 1, list.size()));
  return element;
}

bool take_parameter(std::string_view& rest, Parameter& parameter) {
  rest = trimmed(rest);
  while (rest.starts_with(';')) rest = trimmed(rest.substr(1));
  const std::size_t equals = rest.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view name = trimmed(rest.substr(0, equals));
  std::string_view after = trimmed(rest.substr(equals + 1));
  if (!is_token(name)) return false;
  parameter.name = name;
  if (after.starts_with('"')) {
    auto value = take_quoted(after);
    if (!value) return false;
    parameter.value = *std::move(value);
  } else {
    const std::size_t end = std::min(after.find(';'), after.size());
    parameter.value = trimmed(after.substr(0, end));
    after.remove_prefix(end);
  }
  rest = after;
  return true;
}

int weight_of(std::string_view parameters) {
  for (Parameter parameter; take_parameter(parameters, parameter);) {
    if (!equals_ignoring_case(parameter.name, "q")) continue;
    // "1", "0.5", "0.001": three digits behind the point at most.
    std::string digits = parameter.value.substr(0, 5);
    std::erase(digits, '.');
    digits.resize(4, '0');
    return static_cast<int>(
        std::min(parse_number<unsigned>(digits).value_or(0), 1000U));
  }
  return 1000;
}

}  // namespace decant
