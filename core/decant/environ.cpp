// SPDX-License-Identifier: MIT
#include "decant/environ.hpp"

#include <utility>

namespace decant {
namespace {

/// Tells most names apart by their length and three of their characters; not 0,
/// which stands for a known name.
unsigned char tag_of(std::string_view name) noexcept {
  if (name.empty()) return 1;
  const auto at = [name](std::size_t i) {
    return static_cast<unsigned>(static_cast<unsigned char>(name[i]));
  };
  return static_cast<unsigned char>(
      1U | (static_cast<unsigned>(name.size()) * 7 + at(name.size() / 2) * 31 +
            at(name.size() - 1) * 3 + at(0)));
}

/// Of an ended request, for the next one of this thread.
thread_local Variables spare;
constexpr std::size_t most_spared = 1024;

}  // namespace

Variables Environ::take_storage() noexcept {
  return std::exchange(spare, {});
}

Environ::~Environ() {
  if (variables_.capacity() > most_spared) return;
  variables_.clear();
  spare = std::move(variables_);
}

std::size_t Environ::find(std::string_view name) const {
  const detail::NameId id = detail::name_id(name);
  if (id == 0) return find_other(name);
  return places_[id] == 0 ? none : places_[id] - 1U;
}

std::size_t Environ::find_other(std::string_view name) const {
  if (others_ == 0) return none;
  if (variables_.size() > few) return find_by_index(name);
  const unsigned char tag = tag_of(name);
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

void Environ::append(std::string_view name, std::string_view value) {
  const detail::NameId id = detail::name_id(name);
  if (id != 0) {
    add_view(id, name, value);
    return;
  }
  const std::size_t at = variables_.size();
  if (at < few) tags_[at] = tag_of(name);
  if (!index_.empty()) index_.emplace(name, at);
  variables_.emplace_back(name, value);
  ++others_;
}

void Environ::set(std::string_view name, std::string_view value) {
  const std::size_t at = find(name);
  if (at == none) {
    append(keep(name), keep(value));
  } else {
    variables_[at].second = keep(value);
  }
}

void Environ::set_view(std::string_view name, std::string_view value) {
  const std::size_t at = find(name);
  if (at == none) {
    append(name, value);
  } else {
    variables_[at].second = value;
  }
}

bool Environ::add_view(std::string_view name, std::string_view value) {
  if (find(name) != none) return false;
  append(name, value);
  return true;
}

void Environ::erase(std::string_view name) {
  const std::size_t at = find(name);
  if (at == none) return;
  const Variables left = std::exchange(variables_, {});
  places_.fill(0);
  tags_.fill(0);
  others_ = 0;
  index_.clear();
  variables_.reserve(left.size());
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (i != at) append(left[i].first, left[i].second);
  }
}

void Environ::attach(std::string_view key, std::any value) {
  attachments_.insert_or_assign(std::string(key), std::move(value));
}

}  // namespace decant
