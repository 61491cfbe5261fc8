// SPDX-License-Identifier: MIT
#include "decant/field_value.hpp"

#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace decant {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// All parameters, and "" for what is none at the end.
Pairs parameters_of(std::string_view text) {
  Pairs all;
  for (Parameter parameter; take_parameter(text, parameter);) {
    all.emplace_back(parameter.name, parameter.value);
  }
  if (!text.empty()) all.emplace_back("", "");
  return all;
}

TEST_CASE("A list is parted outside of quotes") {
  std::string_view list = R"( a , "b,c\",d" ;x,,e)";
  CHECK(take_element(list, ',') == "a");
  CHECK(take_element(list, ',') == R"("b,c\",d" ;x)");
  CHECK(take_element(list, ',').empty());
  CHECK(take_element(list, ',') == "e");
  CHECK(list.empty());
  list = R"("never closed, b)";
  CHECK(take_element(list, ',') == R"("never closed, b)");
  CHECK(list.empty());
}

TEST_CASE("Parameters come as tokens and between quotes") {
  CHECK(parameters_of(R"(; a=b; c = "d;e" ;f="")") ==
        Pairs{{"a", "b"}, {"c", "d;e"}, {"f", ""}});
  CHECK(parameters_of(R"(a="say \"hi\" \\ c:\temp")") ==
        Pairs{{"a", R"(say "hi" \ c:\temp)"}});
  CHECK(parameters_of("").empty());
  CHECK(parameters_of(" ; ;").empty());
}

TEST_CASE("A backslash before the last quote is a backslash") {
  CHECK(parameters_of(R"(a="c:\"; b=1)") == Pairs{{"a", R"(c:\)"}, {"b", "1"}});
  CHECK(parameters_of(R"(a="c:\")") == Pairs{{"a", R"(c:\)"}});
}

TEST_CASE("What is no parameter is not taken") {
  CHECK(parameters_of("a=b; c") == Pairs{{"a", "b"}, {"", ""}});
  CHECK(parameters_of("a b=c") == Pairs{{"", ""}});
  CHECK(parameters_of(R"(a="b)") == Pairs{{"", ""}});
  CHECK(parameters_of(R"(a="b"c)") == Pairs{{"", ""}});
}

TEST_CASE("A weight goes from 0 to 1000") {
  CHECK(weight_of("") == 1000);
  CHECK(weight_of("level=1") == 1000);
  CHECK(weight_of("q=0.5") == 500);
  CHECK(weight_of("level=1; Q=0.123") == 123);
  CHECK(weight_of("q=0") == 0);
  CHECK(weight_of("q=1.000") == 1000);
  CHECK(weight_of("q=7") == 1000);
  CHECK(weight_of("q=high") == 0);
}

}  // namespace
}  // namespace decant
