// SPDX-License-Identifier: MIT
// The variables of a request: names and values, in order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string_view>
#include <vector>

#include "decant/known_names.hpp"

namespace decant {

/// A variable as a server side delivers it: name and value, borrowed.
struct Variable {
  std::string_view name;
  std::string_view value;
  bool operator==(const Variable&) const = default;
};

/// Variables in the order in which they came, repeats kept. Where the first one
/// of each known name stands is known without a search.
class Variables {
 public:
  class const_iterator;
  using value_type = Variable;
  /// No place.
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  Variables() = default;
  Variables(std::initializer_list<Variable> variables) {
    for (const auto& [name, value] : variables) emplace_back(name, value);
  }
  template <std::input_iterator Iterator>
  Variables(Iterator first, Iterator last) {
    for (; first != last; ++first) {
      const auto& [name, value] = *first;
      emplace_back(name, value);
    }
  }

  void emplace_back(std::string_view name, std::string_view value) {
    emplace_back(detail::name_id(name), name, value);
  }
  /// The same with the number of a name that has one; 0 for others.
  void emplace_back(detail::NameId id, std::string_view name,
                    std::string_view value) {
    entries_.push_back({name, value});
    std::uint32_t& known = behind_[id];
    if (known == 0) {
      known = static_cast<std::uint32_t>(entries_.size());
    } else {
      add_other();
    }
  }
  /// "NAME=VALUE", as an environment has it; nothing where there is no name.
  void emplace_assignment(std::string_view entry) {
    const std::size_t equals = entry.find('=');
    if (equals == 0 || equals == std::string_view::npos) return;
    emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
  void reserve(std::size_t count) { entries_.reserve(count); }
  std::size_t capacity() const noexcept { return entries_.capacity(); }
  void clear() noexcept;

  const_iterator begin() const noexcept;
  const_iterator end() const noexcept;
  std::size_t size() const noexcept { return entries_.size() - erased_; }
  bool empty() const noexcept { return size() == 0; }
  bool operator==(const Variables& other) const;

  bool contains(detail::NameId id) const noexcept { return behind_[id] != 0; }
  /// The value of a known name, the first one where there are several; empty
  /// when there is none.
  std::string_view first(detail::NameId id) const noexcept {
    return contains(id) ? entries_[place(id)].value : std::string_view{};
  }
  /// The same, but the last one.
  std::string_view last(detail::NameId id) const noexcept {
    return others_.empty() ? first(id) : last_of_all(id);
  }
  /// Sets the first variable of a known name, or adds it.
  void set(detail::NameId id, std::string_view value) {
    if (contains(id)) {
      entries_[place(id)].value = value;
    } else {
      emplace_back(detail::known_names[id - 1U], value);
    }
  }
  void erase(detail::NameId id) noexcept;

  // Places are counted from 0 and stable: what is erased leaves a hole, which
  // has no name.
  const Variable& operator[](std::size_t place) const noexcept {
    return entries_[place];
  }
  /// Of the first variable of a known name, or none.
  std::size_t place(detail::NameId id) const noexcept {
    return std::size_t{behind_[id]} - 1;
  }
  /// Of all variables whose names are not known, or had come before.
  const std::vector<std::uint32_t>& others() const noexcept { return others_; }
  void set_value(std::size_t place, std::string_view value) noexcept {
    entries_[place].value = value;
  }
  /// One of the others.
  void erase_other(std::size_t place) noexcept;

 private:
  void add_other();
  std::string_view last_of_all(detail::NameId id) const noexcept;

  std::vector<Variable> entries_;
  std::vector<std::uint32_t> others_;
  std::size_t erased_ = 0;
  // For each known name, by its number: its place among the entries plus one, 0
  // when it is absent. Number 0 stands for all other names and is never absent.
  std::array<std::uint32_t, detail::known_names.size() + 1> behind_{1};
};

class Variables::const_iterator {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = Variable;
  using difference_type = std::ptrdiff_t;
  using pointer = const Variable*;
  using reference = const Variable&;

  const_iterator() = default;
  const_iterator(const Variable* at, const Variable* end) noexcept
      : at_(at), end_(end) {
    skip();
  }
  reference operator*() const noexcept { return *at_; }
  pointer operator->() const noexcept { return at_; }
  const_iterator& operator++() noexcept {
    ++at_;
    skip();
    return *this;
  }
  const_iterator operator++(int) noexcept {
    const const_iterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const const_iterator& other) const noexcept {
    return at_ == other.at_;
  }

 private:
  void skip() noexcept {
    while (at_ != end_ && at_->name.data() == nullptr) ++at_;
  }

  const Variable* at_ = nullptr;
  const Variable* end_ = nullptr;
};

inline Variables::const_iterator Variables::begin() const noexcept {
  return {entries_.data(), entries_.data() + entries_.size()};
}

inline Variables::const_iterator Variables::end() const noexcept {
  const Variable* const end = entries_.data() + entries_.size();
  return {end, end};
}

}  // namespace decant
