// SPDX-License-Identifier: MIT
#include "decant/web/accept.hpp"

#include <algorithm>
#include <tuple>

#include "decant/field_value.hpp"
#include "decant/headers.hpp"

namespace decant::web {
namespace {

/// An element of a list of ranges: its value, and the parameters behind it.
struct Range {
  std::string_view value;
  std::string_view parameters;
};

bool take_range(std::string_view& list, Range& range) {
  while (!list.empty()) {
    range.parameters = take_element(list, ',');
    range.value = take_element(range.parameters, ';');
    if (!range.value.empty()) return true;
  }
  return false;
}

/// How many parameters of a media range an offer has; none when it lacks one.
std::optional<int> shared_parameters(std::string_view range,
                                     std::string_view offer) {
  int count = 0;
  for (Parameter wanted; take_parameter(range, wanted);) {
    if (equals_ignoring_case(wanted.name, "q")) break;
    bool found = false;
    std::string_view rest = offer;
    for (Parameter own; !found && take_parameter(rest, own);) {
      found = equals_ignoring_case(own.name, wanted.name) &&
              equals_ignoring_case(own.value, wanted.value);
    }
    if (!found) return std::nullopt;
    ++count;
  }
  return count;
}

/// Keeps the quality of the most specific range that was seen.
class Choice {
 public:
  void see(int specificity, std::string_view parameters) {
    if (specificity <= specificity_) return;
    specificity_ = specificity;
    quality_ = weight_of(parameters);
  }
  int quality() const { return quality_; }
  bool made() const { return specificity_ >= 0; }

 private:
  int specificity_ = -1;
  int quality_ = 0;
};

/// True when `tag` is `range`, or begins with it and a hyphen.
bool begins_tag(std::string_view range, std::string_view tag) {
  return equals_ignoring_case(range, tag.substr(0, range.size())) &&
         (tag.size() == range.size() || tag[range.size()] == '-');
}

}  // namespace

int type_quality(std::string_view accept, std::string_view offer) {
  const std::string_view type = take_element(offer, ';');
  const std::string_view group = type.substr(0, type.find('/') + 1);
  Choice choice;
  for (Range range; take_range(accept, range);) {
    if (range.value == "*/*") {
      choice.see(0, range.parameters);
    } else if (range.value.ends_with("/*")) {
      range.value.remove_suffix(1);
      if (equals_ignoring_case(range.value, group)) {
        choice.see(1, range.parameters);
      }
    } else if (equals_ignoring_case(range.value, type)) {
      const auto shared = shared_parameters(range.parameters, offer);
      if (shared) choice.see(2 + *shared, range.parameters);
    }
  }
  return choice.quality();
}

int language_quality(std::string_view accept_language, std::string_view offer) {
  Choice filtered;
  Choice looked_up;
  for (Range range; take_range(accept_language, range);) {
    const auto size = static_cast<int>(range.value.size());
    if (range.value == "*") {
      filtered.see(0, range.parameters);
    } else if (begins_tag(range.value, offer)) {
      filtered.see(size, range.parameters);
    } else if (begins_tag(offer, range.value)) {
      // The nearest one: "en" is nearer to "en-US" than to "en-US-x-twain".
      looked_up.see(1000 - std::min(size, 1000), range.parameters);
    }
  }
  return filtered.made() ? filtered.quality() : looked_up.quality();
}

std::optional<std::string_view> best_of(
    std::span<const std::string_view> offers, std::string_view field,
    int (*quality)(std::string_view, std::string_view)) {
  std::optional<std::string_view> best;
  int most = 0;
  for (const std::string_view offer : offers) {
    const int wanted = field.empty() ? 1 : quality(field, offer);
    if (wanted <= most) continue;
    most = wanted;
    best = offer;
  }
  return best;
}

}  // namespace decant::web
