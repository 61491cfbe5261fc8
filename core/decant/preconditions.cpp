// SPDX-License-Identifier: MIT
#include "decant/preconditions.hpp"

#include <algorithm>
#include <optional>

#include "decant/headers.hpp"
#include "decant/http_date.hpp"
#include "decant/number.hpp"

namespace decant {
namespace {

/// The next element of a list, which is taken from its front.
std::string_view take_element(std::string_view& list, char separator) {
  const std::size_t end = std::min(list.find(separator), list.size());
  const std::string_view element = trimmed(list.substr(0, end));
  list.remove_prefix(std::min(end + 1, list.size()));
  return element;
}

enum class Comparison { strong, weak };

/// Ours hold no comma, so that a list can be parted there.
bool lists_etag(std::string_view list, std::string_view etag,
                Comparison comparison) {
  if (trimmed(list) == "*") return true;
  while (!list.empty()) {
    std::string_view element = take_element(list, ',');
    if (comparison == Comparison::weak && element.starts_with("W/")) {
      element.remove_prefix(2);
    }
    if (element == etag) return true;
  }
  return false;
}

bool may_range(const Environ& env, const Validators& validators) {
  if (!env.contains("HTTP_IF_RANGE")) return true;
  const std::string_view wanted = trimmed(env["HTTP_IF_RANGE"]);
  if (wanted.starts_with('"')) return wanted == validators.etag;
  const auto date = parse_http_date(wanted);
  return date && *date == validators.modified;
}

}  // namespace

int check_preconditions(const Environ& env, const Validators& validators) {
  if (env.contains("HTTP_IF_MATCH")) {
    if (!lists_etag(env["HTTP_IF_MATCH"], validators.etag,
                    Comparison::strong)) {
      return 412;
    }
  } else if (const auto date =
                 parse_http_date(env["HTTP_IF_UNMODIFIED_SINCE"])) {
    if (validators.modified > *date) return 412;
  }
  if (env.contains("HTTP_IF_NONE_MATCH")) {
    return lists_etag(env["HTTP_IF_NONE_MATCH"], validators.etag,
                      Comparison::weak)
               ? 304
               : 200;
  }
  const auto date = parse_http_date(env["HTTP_IF_MODIFIED_SINCE"]);
  return date && validators.modified <= *date ? 304 : 200;
}

ByteRange asked_range(const Environ& env, const Validators& validators,
                      std::uint64_t size) {
  constexpr std::string_view unit = "bytes=";
  std::string_view text = trimmed(env["HTTP_RANGE"]);
  const ByteRange whole{.size = size};
  if (!text.starts_with(unit) || !may_range(env, validators)) return whole;
  text = trimmed(text.substr(unit.size()));
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return whole;
  const auto first = parse_number<std::uint64_t>(text.substr(0, dash));
  const auto last = parse_number<std::uint64_t>(text.substr(dash + 1));
  const bool is_open = dash + 1 == text.size();
  if (dash == 0 && last) {  // of the end
    const std::uint64_t part = std::min(*last, size);
    if (part == 0) return {.kind = ByteRange::Kind::unsatisfiable};
    return {ByteRange::Kind::part, size - part, part};
  }
  if (!first || (!last && !is_open) || (last && *last < *first)) return whole;
  if (*first >= size) return {.kind = ByteRange::Kind::unsatisfiable};
  const std::uint64_t end = last ? std::min(*last, size - 1) : size - 1;
  return {ByteRange::Kind::part, *first, end - *first + 1};
}

int quality_of_coding(std::string_view accept_encoding,
                      std::string_view coding) {
  while (!accept_encoding.empty()) {
    std::string_view element = take_element(accept_encoding, ',');
    if (!equals_ignoring_case(take_element(element, ';'), coding)) continue;
    const std::string_view weight = take_element(element, ';');
    if (!weight.starts_with("q=")) return 1000;
    // "1", "0.5", "0.001": three digits behind the point at most.
    std::string digits(weight.substr(2, 5));
    std::erase(digits, '.');
    digits.resize(4, '0');
    return static_cast<int>(
        std::min(parse_number<unsigned>(digits).value_or(0), 1000U));
  }
  return 0;
}

}  // namespace decant
