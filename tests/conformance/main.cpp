// SPDX-License-Identifier: MIT
// The conformance suite as tests, one per server side, and as a table:
// conformance_tests --matrix
#define CATCH_CONFIG_RUNNER
#include <cstring>
#include <iostream>
#include <map>

#include "conformance/server_side.hpp"
#include "support/catch.hpp"

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

/// The table as it is printed, and what it comes to.
class Matrix {
 public:
  void print_head() const {
    std::cout << "| case |";
    for (const Column& column : columns()) {
      std::cout << ' ' << column.name() << " |";
    }
    std::cout << "\n|---|";
    for (std::size_t i = 0; i < columns().size(); ++i) std::cout << ":-:|";
    std::cout << std::endl;
  }

  void print_row(const Row& row) {
    std::cout << "| " << cell(row.name) << " |";
    for (Column& column : columns()) {
      const Result result = run(row, column);
      ++counts_[result.state];
      std::cout << ' ' << mark(result.state) << " |";
      if (result.state == Result::State::failed) {
        failures_ += "- " + row.name + ", " + column.name() + ": " +
                     result.reason + '\n';
      } else if (result.state == Result::State::not_applicable) {
        reasons_ += "- " + row.name + ", " + column.name() + ": " +
                    result.reason + '\n';
      }
    }
    std::cout << std::endl;
  }

  void print_rest() {
    if (!reasons_.empty()) std::cout << "\nNot applicable:\n\n" << reasons_;
    if (!failures_.empty()) std::cout << "\nFailed:\n\n" << failures_;
    std::cout << '\n'
              << table().size() << " cases x " << columns().size()
              << " server sides: " << counts_[Result::State::ok] << " ok, "
              << counts_[Result::State::failed] << " failed, "
              << counts_[Result::State::not_applicable] << " not applicable\n";
  }

  bool good() const { return failures_.empty(); }

 private:
  static const char* mark(Result::State state) {
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

  std::map<Result::State, std::size_t> counts_;
  std::string reasons_;
  std::string failures_;
};

int print_matrix() {
  Matrix matrix;
  matrix.print_head();
  for (const Row& row : table()) matrix.print_row(row);
  matrix.print_rest();
  return matrix.good() ? 0 : 1;
}

/// Every row in one column; a section each, so that -c picks one.
void check_column(const std::string& name) {
  for (Column& column : columns()) {
    if (column.name() != name) continue;
    if (!column.missing().empty()) {
      WARN(column.missing());
      return;
    }
    for (const Row& row : table()) {
      DYNAMIC_SECTION(row.name) {
        const Result result = run(row, column);
        if (result.state == Result::State::failed) FAIL(result.reason);
        SUCCEED(result.reason);
      }
    }
  }
}

}  // namespace

TEST_CASE("in-process", "[in-process]") {
  check_column("in-process");
}
TEST_CASE("cgi", "[cgi]") {
  check_column("cgi");
}
TEST_CASE("fastcgi", "[fastcgi]") {
  check_column("fastcgi");
}
TEST_CASE("runner", "[runner]") {
  check_column("runner");
}
TEST_CASE("http", "[http]") {
  check_column("http");
}
TEST_CASE("nginx", "[nginx]") {
  check_column("nginx");
}

}  // namespace decant::conformance

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--matrix") == 0) {
    return decant::conformance::print_matrix();
  }
  return Catch::Session().run(argc, argv);
}
