// SPDX-License-Identifier: MIT
#include "decant/server/scgi/codec.hpp"

#include <algorithm>

#include "decant/number.hpp"

namespace decant::scgi {
namespace {

using service::Scan;

/// Of the length in front of a netstring.
constexpr std::size_t most_digits = 9;

constexpr Scan malformed{.state = Scan::State::malformed};

}  // namespace

Scan Codec::scan_head(std::string_view bytes, Variables& variables) {
  const std::string_view front = bytes.substr(0, most_digits + 1);
  const std::size_t colon = std::min(front.find(':'), front.size());
  const std::string_view digits = front.substr(0, colon);
  const bool is_number =
      digits.find_first_not_of("0123456789") == std::string_view::npos;
  const bool is_canonical = !digits.starts_with('0') || digits == "0";
  if (!is_number || !is_canonical || colon == 0 ||
      digits.size() > most_digits) {
    return malformed;
  }
  if (colon == front.size()) return {.size = bytes.size() + 1};
  const std::size_t length = *parse_number<std::uint32_t>(digits);
  if (length > limits().max_params) return too_large();
  const std::size_t size = colon + 1 + length + 1;
  if (bytes.size() < size) return {.size = size};
  if (bytes[size - 1] != ',') return malformed;
  return take_pairs(bytes.substr(colon + 1, length), size, variables);
}

Scan Codec::take_pairs(std::string_view text, std::size_t size,
                       Variables& variables) {
  variables.clear();
  const auto take = [&text] {
    const std::size_t end = text.find('\0');
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(end + 1);
    return part;
  };
  if (!text.empty() && text.back() != '\0') return malformed;
  if (std::count(text.begin(), text.end(), '\0') % 2 != 0) return malformed;
  while (!text.empty()) {
    if (variables.size() == limits().max_param_count) return too_large();
    const std::string_view name = take();
    variables.emplace_back(name, take());
  }
  return found(size, variables);
}

void append_head(std::string& out, const Variables& variables) {
  constexpr detail::NameId length = detail::known("CONTENT_LENGTH");
  std::string pairs;
  const auto add = [&pairs](std::string_view name, std::string_view value) {
    pairs.append(name).push_back('\0');
    pairs.append(value).push_back('\0');
  };
  // It comes first, and is never left out.
  add("CONTENT_LENGTH",
      variables.contains(length) ? variables.last(length) : "0");
  add("SCGI", "1");
  for (const auto& [name, value] : variables) {
    if (name != "CONTENT_LENGTH") add(name, value);
  }
  out.append(std::to_string(pairs.size())).append(":").append(pairs) += ',';
}

}  // namespace decant::scgi
