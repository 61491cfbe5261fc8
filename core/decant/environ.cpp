// SPDX-License-Identifier: MIT
#include "decant/environ.hpp"

#include <algorithm>
#include <utility>

namespace decant {
namespace {

/// Of an ended request, for the next one of this thread.
thread_local std::unique_ptr<Variables> spare;
constexpr std::size_t most_spared = 1024;

}  // namespace

std::unique_ptr<Variables> Environ::copy(const Variables& variables) {
  if (!spare) return std::make_unique<Variables>(variables);
  *spare = variables;
  return std::move(spare);
}

Environ::~Environ() {
  if (variables_->capacity() <= most_spared) spare = std::move(variables_);
}

std::size_t Environ::find(std::string_view name) const {
  const detail::NameId id = detail::name_id(name);
  return id != 0 ? variables_->place(id) : find_other(name);
}

std::size_t Environ::find_other(std::string_view name) const {
  const auto& others = variables_->others();
  if (others.size() > few) return find_by_index(name);
  const auto found =
      std::find_if(others.begin(), others.end(), [&](std::size_t place) {
        const std::string_view other = (*variables_)[place].name;
        return other == name && other.data() != nullptr;
      });
  return found == others.end() ? Variables::none : *found;
}

std::size_t Environ::find_by_index(std::string_view name) const {
  if (index_.empty()) {
    for (const std::size_t place : variables_->others()) {
      const std::string_view other = (*variables_)[place].name;
      if (other.data() != nullptr) index_.emplace(other, place);
    }
  }
  const auto found = index_.find(name);
  return found == index_.end() ? Variables::none : found->second;
}

std::string_view Environ::keep(std::string_view text) {
  return text.empty() ? std::string_view("") : kept_.emplace_front(text);
}

std::string_view Environ::operator[](std::string_view name) const {
  return get(name);
}

bool Environ::contains(std::string_view name) const {
  return find(name) != Variables::none;
}

std::string_view Environ::get(std::string_view name,
                              std::string_view fallback) const {
  const std::size_t place = find(name);
  return place == Variables::none ? fallback : (*variables_)[place].value;
}

void Environ::set(std::string_view name, std::string_view value) {
  const std::size_t place = find(name);
  if (place == Variables::none) {
    append(keep(name), keep(value));
  } else {
    variables_->set_value(place, keep(value));
  }
}

void Environ::set_view(std::string_view name, std::string_view value) {
  const std::size_t place = find(name);
  if (place == Variables::none) {
    append(name, value);
  } else {
    variables_->set_value(place, value);
  }
}

void Environ::append(std::string_view name, std::string_view value) {
  variables_->emplace_back(name, value);
  if (index_.empty() || detail::name_id(name) != 0) return;
  index_.emplace(name, variables_->others().back());
}

void Environ::erase(std::string_view name) {
  const detail::NameId id = detail::name_id(name);
  if (id != 0) return variables_->erase(id);
  const std::size_t place = find_other(name);
  if (place == Variables::none) return;
  variables_->erase_other(place);
  index_.erase(name);
}

void Environ::attach(std::string_view key, std::any value) {
  attachments_.insert_or_assign(std::string(key), std::move(value));
}

}  // namespace decant
