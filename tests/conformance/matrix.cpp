// SPDX-License-Identifier: MIT
#include "conformance/matrix.hpp"

#include <algorithm>
#include <iostream>
#include <map>

#include "conformance/server_side.hpp"

namespace decant::conformance {
namespace {

/// "a | b" inside a Markdown table.
std::string cell(std::string text) {
  for (std::size_t at = text.find('|'); at != std::string::npos;
       at = text.find('|', at + 2)) {
    text.insert(at, 1, '\\');
  }
  return text;
}

std::string mark(Result::State state) {
  switch (state) {
    case Result::State::ok:
      return "ok";
    case Result::State::failed:
      return "FAIL";
    case Result::State::not_applicable:
      break;
  }
  return "-";
}

/// Columns that share one of the printed table.
struct Group {
  std::string name;
  std::vector<Column*> columns;
};

/// All kinds behind the same server side stand together.
std::vector<Group> all_groups() {
  std::vector<Group> all;
  for (Column& column : columns()) {
    const bool alone = column.kind() == Kind::validated;
    const std::string name = alone ? column.name() : column.side();
    const auto same = std::find_if(
        all.begin(), all.end(),
        [&name](const Group& group) { return group.name == name; });
    Group& group =
        same == all.end() ? all.emplace_back(Group{name, {}}) : *same;
    group.columns.push_back(&column);
  }
  return all;
}

/// The columns of Python alone, as groups of one.
std::vector<Group> python_groups() {
  std::vector<Group> all;
  for (Column& column : columns()) {
    if (column.kind() != Kind::python) continue;
    all.push_back({column.side(), {&column}});
  }
  return all;
}

/// The printed tables, and what they come to.
class Matrix {
 public:
  void print() {
    std::cout << "Each cell tells of C++, of Python and of a CGI program.\n";
    print_table(table(), all_groups());
    std::cout << "\nWhat is particular to Python:\n";
    print_table(python_table(), python_groups());
    print_rest();
  }

  bool good() const { return failures_.empty(); }

 private:
  void print_table(const Rows& rows, const std::vector<Group>& groups) {
    std::cout << "\n| case |";
    for (const Group& group : groups) std::cout << ' ' << group.name << " |";
    std::cout << "\n|---|";
    for (std::size_t i = 0; i < groups.size(); ++i) std::cout << ":-:|";
    std::cout << std::endl;
    for (const Row& row : rows) print_row(row, groups);
  }

  void print_row(const Row& row, const std::vector<Group>& groups) {
    std::map<std::string, std::string> columns_by_reason;
    std::cout << "| " << cell(row.name) << " |";
    for (const Group& group : groups) {
      for (Column* const column : group.columns) {
        const Result result = run(row, *column);
        ++counts_[result.state];
        std::cout << ' ' << mark(result.state);
        if (result.state == Result::State::failed) {
          failures_ += "- " + row.name + ", " + column->name() + ": " +
                       result.reason + '\n';
        } else if (result.state == Result::State::not_applicable &&
                   column->missing().empty()) {
          columns_by_reason[result.reason] += ", " + column->name();
        }
      }
      std::cout << " |";
    }
    std::cout << std::endl;
    for (const auto& [reason, names] : columns_by_reason) {
      reasons_ += "- " + row.name + names + ": " + reason + '\n';
    }
  }

  void print_rest() {
    for (const Column& column : columns()) {
      if (column.missing().empty()) continue;
      reasons_ += "- all, " + column.name() + ": " + column.missing() + '\n';
    }
    if (!reasons_.empty()) std::cout << "\nNot applicable:\n\n" << reasons_;
    if (!failures_.empty()) std::cout << "\nFailed:\n\n" << failures_;
    std::cout << '\n'
              << table().size() << " cases x " << columns().size()
              << " columns, " << python_table().size() << " cases x "
              << python_groups().size()
              << " columns: " << counts_[Result::State::ok] << " ok, "
              << counts_[Result::State::failed] << " failed, "
              << counts_[Result::State::not_applicable] << " not applicable\n";
  }

  std::map<Result::State, std::size_t> counts_;
  std::string reasons_;
  std::string failures_;
};

}  // namespace

int print_matrix() {
  Matrix matrix;
  matrix.print();
  return matrix.good() ? 0 : 1;
}

}  // namespace decant::conformance
