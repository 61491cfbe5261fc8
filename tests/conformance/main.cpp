// SPDX-License-Identifier: MIT
// The conformance suite as tests, one per column, and as a table:
// conformance_tests --matrix, --columns, --fastcgi-matrix
#define CATCH_CONFIG_RUNNER
#include <cstring>

#include "conformance/fastcgi_matrix.hpp"
#include "conformance/matrix.hpp"
#include "conformance/server_side.hpp"
#include "support/catch.hpp"

namespace decant::conformance {
namespace {

/// Every row in one column; a section each, so that -c picks one.
class ColumnTest final : public Catch::ITestInvoker {
 public:
  explicit ColumnTest(Column& column) : column_(column) {}

  void invoke() const override {
    if (const std::string missing = column_.missing(); !missing.empty()) {
      WARN(missing);
      return;
    }
    check(table());
    if (column_.kind() == Kind::python) check(python_table());
  }

 private:
  void check(const Rows& rows) const {
    for (const Row& row : rows) {
      DYNAMIC_SECTION(row.name) {
        const Result result = run(row, column_);
        if (result.state == Result::State::failed) FAIL(result.reason);
        SUCCEED(result.reason);
      }
    }
  }

  Column& column_;
};

void add_column_tests() {
  for (Column& column : columns()) {
    const std::string name = column.name();
    // Catch2 owns what it is given.
    Catch::AutoReg(std::make_unique<ColumnTest>(column).release(),
                   CATCH_INTERNAL_LINEINFO, "", {name, '[' + name + ']'});
  }
}

}  // namespace
}  // namespace decant::conformance

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--matrix") == 0) {
    decant::conformance::print_matrix();
    return 0;
  }
  if (argc == 2 && std::strcmp(argv[1], "--columns") == 0) {
    decant::conformance::print_columns();
    return 0;
  }
  if (argc == 2 && std::strcmp(argv[1], "--fastcgi-matrix") == 0) {
    decant::conformance::print_fastcgi_matrix();
    return 0;
  }
  decant::conformance::add_column_tests();
  return Catch::Session().run(argc, argv);
}
