// SPDX-License-Identifier: MIT
// Names and values in order: of a query string, of a form, of cookies.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "decant/number.hpp"

namespace decant::web {

/// Names and values, repeats kept, in the order in which they came. The views
/// it gives stay valid until it is changed.
class Fields {
 public:
  using value_type = std::pair<std::string, std::string>;
  using const_iterator = std::vector<value_type>::const_iterator;

  Fields() = default;
  Fields(std::initializer_list<value_type> fields) : fields_(fields) {}

  /// The first value of `name`, empty when absent.
  std::string_view operator[](std::string_view name) const { return get(name); }
  bool contains(std::string_view name) const { return find(name) != nullptr; }
  /// The first value of `name`, or `fallback` when absent.
  std::string_view get(std::string_view name,
                       std::string_view fallback = {}) const;
  /// The first value of `name` as a decimal number; nothing when it is absent,
  /// something else or out of range.
  template <class Number>
  std::optional<Number> number(std::string_view name) const {
    return parse_number<Number>(get(name));
  }
  /// Every value of `name`, in order.
  std::vector<std::string_view> all(std::string_view name) const;

  void reserve(std::size_t count) { fields_.reserve(count); }
  void add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
  }

  const_iterator begin() const noexcept { return fields_.begin(); }
  const_iterator end() const noexcept { return fields_.end(); }
  std::size_t size() const noexcept { return fields_.size(); }
  bool empty() const noexcept { return fields_.empty(); }
  bool operator==(const Fields&) const = default;

 private:
  const std::string* find(std::string_view name) const;

  std::vector<value_type> fields_;
};

}  // namespace decant::web
