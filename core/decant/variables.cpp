// SPDX-License-Identifier: MIT
#include "decant/variables.hpp"

#include <algorithm>

namespace decant {

void Variables::add_other() {
  others_.push_back(static_cast<std::uint32_t>(entries_.size()) - 1);
}

void Variables::clear() noexcept {
  entries_.clear();
  others_.clear();
  erased_ = 0;
  behind_.fill(0);
  behind_[0] = 1;
}

bool Variables::operator==(const Variables& other) const {
  return std::equal(begin(), end(), other.begin(), other.end());
}

std::string_view Variables::last_of_all(detail::NameId id) const noexcept {
  const std::string_view name = detail::known_names[id - 1U];
  for (std::size_t i = others_.size(); i-- > 0;) {
    const Variable& variable = entries_[others_[i]];
    if (variable.name == name) return variable.value;
  }
  return first(id);
}

void Variables::erase(detail::NameId id) noexcept {
  if (!contains(id)) return;
  entries_[place(id)] = {};
  behind_[id] = 0;
  ++erased_;
}

void Variables::erase_other(std::size_t place) noexcept {
  entries_[place] = {};
  ++erased_;
}

}  // namespace decant
