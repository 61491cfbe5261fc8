// SPDX-License-Identifier: MIT
#include "decant/environ.hpp"

#include <algorithm>

namespace decant {
namespace {

/// Tells most names apart by their length and three of their characters.
unsigned char tag_of(std::string_view name) noexcept {
  if (name.empty()) return 0;
  const auto at = [name](std::size_t i) {
    return static_cast<unsigned>(static_cast<unsigned char>(name[i]));
  };
  return static_cast<unsigned char>(static_cast<unsigned>(name.size()) * 7 +
                                    at(name.size() / 2) * 31 +
                                    at(name.size() - 1) * 3 + at(0));
}

}  // namespace

std::size_t Environ::find(std::string_view name) const {
  return find(name, tag_of(name));
}

std::size_t Environ::find(std::string_view name, unsigned char tag) const {
  if ((seen_[tag / 64] >> (tag % 64) & 1) == 0) return none;
  if (variables_.size() > few) return find_by_index(name);
  for (std::size_t i = 0; i < variables_.size(); ++i) {
    if (tags_[i] == tag && variables_[i].first == name) return i;
  }
  return none;
}

std::size_t Environ::find_by_index(std::string_view name) const {
  if (index_.empty()) {
    for (std::size_t i = 0; i < variables_.size(); ++i) {
      index_.emplace(variables_[i].first, i);
    }
  }
  const auto found = index_.find(name);
  return found == index_.end() ? none : found->second;
}

std::string_view Environ::keep(std::string_view text) {
  return text.empty() ? std::string_view{} : kept_.emplace_front(text);
}

std::string_view Environ::operator[](std::string_view name) const {
  return get(name);
}

bool Environ::contains(std::string_view name) const {
  return find(name) != none;
}

std::string_view Environ::get(std::string_view name,
                              std::string_view fallback) const {
  const std::size_t at = find(name);
  return at == none ? fallback : variables_[at].second;
}

void Environ::append(std::string_view name, std::string_view value,
                     unsigned char tag) {
  if (variables_.size() < few) tags_[variables_.size()] = tag;
  seen_[tag / 64] |= std::uint64_t{1} << (tag % 64);
  variables_.emplace_back(name, value);
  if (!index_.empty()) index_.emplace(name, variables_.size() - 1);
}

void Environ::set(std::string_view name, std::string_view value) {
  const unsigned char tag = tag_of(name);
  const std::size_t at = find(name, tag);
  if (at == none) {
    append(keep(name), keep(value), tag);
  } else {
    variables_[at].second = keep(value);
  }
}

void Environ::set_view(std::string_view name, std::string_view value) {
  const unsigned char tag = tag_of(name);
  const std::size_t at = find(name, tag);
  if (at == none) {
    append(name, value, tag);
  } else {
    variables_[at].second = value;
  }
}

bool Environ::add_view(std::string_view name, std::string_view value) {
  const unsigned char tag = tag_of(name);
  if (find(name, tag) != none) return false;
  append(name, value, tag);
  return true;
}

void Environ::erase(std::string_view name) {
  const std::size_t at = find(name);
  if (at == none) return;
  variables_.erase(variables_.begin() + static_cast<std::ptrdiff_t>(at));
  index_.clear();
  const std::size_t tagged = std::min(variables_.size(), few);
  for (std::size_t i = at; i < tagged; ++i) {
    tags_[i] = tag_of(variables_[i].first);
  }
}

void Environ::attach(std::string_view key, std::any value) {
  attachments_.insert_or_assign(std::string(key), std::move(value));
}

}  // namespace decant
