// SPDX-License-Identifier: MIT
#include "conformance/matrix.hpp"

#include <algorithm>
#include <array>
#include <iostream>

#include "conformance/server_side.hpp"

namespace decant::conformance {
namespace {

constexpr std::array all_needs = {
    Need::given_variables,  Need::repeated_variables, Need::tls,
    Need::many_requests,    Need::fresh_process,      Need::bytes_behind_body,
    Need::body_as_it_comes, Need::own_streams,        Need::resident,
    Need::bare_log,         Need::core_streams,       Need::unchecked};

bool is_for(const Rows& rows, const Column& column) {
  return &rows == &table() || column.kind() == Kind::python;
}

bool applies(const Row& row, const Column& column) {
  return std::all_of(row.needs.begin(), row.needs.end(),
                     [&column](Need need) { return column.has(need); });
}

/// Numbers of the cells that are tests, and of those that do not apply.
struct Counts {
  std::size_t applicable = 0;
  std::size_t not_applicable = 0;
};

Counts count(const Rows& rows) {
  Counts counts;
  for (const Column& column : columns()) {
    if (!is_for(rows, column)) continue;
    for (const Row& row : rows) {
      ++(applies(row, column) ? counts.applicable : counts.not_applicable);
    }
  }
  return counts;
}

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

/// What of `rows` does not hold everywhere, by what it needs.
void print_exceptions(const Rows& rows) {
  for (const Need need : all_needs) {
    std::vector<std::string> lacking;
    for (const Column& column : columns()) {
      if (is_for(rows, column) && !column.has(need)) {
        lacking.push_back(column.name());
      }
    }
    std::vector<std::string> names;
    for (const Row& row : rows) {
      const Needs& needs = row.needs;
      if (std::find(needs.begin(), needs.end(), need) != needs.end()) {
        names.push_back("- " + row.name + '\n');
      }
    }
    if (names.empty() || lacking.empty()) continue;
    std::cout << "\nNot in " << join(lacking) << ": " << reason(need)
              << ".\n\n";
    for (const std::string& name : names) std::cout << name;
  }
}

void print_table(const std::string& title, const Rows& rows) {
  std::vector<std::string> names;
  for (const Column& column : columns()) {
    if (is_for(rows, column)) names.push_back(column.name());
  }
  const Counts counts = count(rows);
  std::cout << "## " << title << "\n\n"
            << rows.size() << " cases x " << names.size()
            << " columns: " << counts.applicable << " tests; "
            << counts.not_applicable
            << " cells do not apply.\nThe columns: " << join(names) << ".\n";
  print_exceptions(rows);
}

}  // namespace

void print_matrix() {
  print_table("All applications", table());
  std::cout << '\n';
  print_table("What is particular to Python", python_table());
}

void print_columns() {
  for (const Column& column : columns()) std::cout << column.name() << '\n';
}

}  // namespace decant::conformance
