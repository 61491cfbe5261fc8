// SPDX-License-Identifier: MIT
#include "decant/web/fields.hpp"

#include <algorithm>

namespace decant::web {

const std::string* Fields::find(std::string_view name) const {
  const auto found =
      std::find_if(fields_.begin(), fields_.end(),
                   [name](const value_type& it) { return it.first == name; });
  return found == fields_.end() ? nullptr : &found->second;
}

std::string_view Fields::get(std::string_view name,
                             std::string_view fallback) const {
  const std::string* const value = find(name);
  return value != nullptr ? std::string_view(*value) : fallback;
}

std::vector<std::string_view> Fields::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : fields_) {
    if (key == name) values.emplace_back(value);
  }
  return values;
}

}  // namespace decant::web
