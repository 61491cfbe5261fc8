// SPDX-License-Identifier: MIT
#include "decant/preconditions.hpp"

#include <algorithm>
#include <optional>

#include "decant/field_value.hpp"
#include "decant/headers.hpp"
#include "decant/http_date.hpp"

namespace decant {
namespace {

enum class Comparison { strong, weak };

bool lists_etag(std::string_view list, std::string_view etag,
                Comparison comparison) {
  if (trimmed(list) == "*") return true;
  const auto opaque = [](std::string_view tag) {
    return tag.substr(tag.starts_with("W/") ? 2 : 0);
  };
  const auto tags = parse_etags(list);
  return std::any_of(tags.begin(), tags.end(), [&](std::string_view tag) {
    return comparison == Comparison::weak
               ? opaque(tag) == opaque(etag)
               : tag == etag && !tag.starts_with("W/");
  });
}

/// RFC 9110 sections 8.4.1.1 and 8.4.1.3: some are known by an older name too.
bool is_coding(std::string_view name, std::string_view coding) {
  if (name.size() == coding.size() + 2 &&
      (equals_ignoring_case(name, "x-gzip") ||
       equals_ignoring_case(name, "x-compress"))) {
    name.remove_prefix(2);
  }
  return equals_ignoring_case(name, coding);
}

}  // namespace

std::vector<std::string_view> parse_etags(std::string_view list) {
  std::vector<std::string_view> tags;
  for (;;) {
    list.remove_prefix(std::min(list.find_first_not_of(", \t"), list.size()));
    const std::size_t start = list.starts_with("W/") ? 3 : 1;
    const std::size_t end = list.find('"', start);
    if (end == std::string_view::npos || list[start - 1] != '"') return tags;
    tags.push_back(list.substr(0, end + 1));
    list.remove_prefix(end + 1);
  }
}

int check_preconditions(const Environ& env, const Validators& validators) {
  if (env.contains("HTTP_IF_MATCH")) {
    if (!lists_etag(env["HTTP_IF_MATCH"], validators.etag,
                    Comparison::strong)) {
      return 412;
    }
  } else if (const auto date =
                 parse_http_date(env["HTTP_IF_UNMODIFIED_SINCE"])) {
    if (validators.modified && *validators.modified > *date) return 412;
  }
  if (env.contains("HTTP_IF_NONE_MATCH")) {
    return lists_etag(env["HTTP_IF_NONE_MATCH"], validators.etag,
                      Comparison::weak)
               ? 304
               : 200;
  }
  const auto date = parse_http_date(env["HTTP_IF_MODIFIED_SINCE"]);
  return date && validators.modified && *validators.modified <= *date ? 304
                                                                      : 200;
}

int quality_of_coding(std::string_view accept_encoding,
                      std::string_view coding) {
  std::optional<int> of_others;
  while (!accept_encoding.empty()) {
    std::string_view element = take_element(accept_encoding, ',');
    const std::string_view name = take_element(element, ';');
    if (is_coding(name, coding)) return weight_of(element);
    if (name == "*" && !of_others) of_others = weight_of(element);
  }
  if (of_others) return *of_others;
  return equals_ignoring_case(coding, "identity") ? 1 : 0;
}

}  // namespace decant
