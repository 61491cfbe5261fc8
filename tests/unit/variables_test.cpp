// SPDX-License-Identifier: MIT
#include "decant/variables.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

namespace decant {
namespace {

using detail::known;

std::string shown(const Variables& variables) {
  std::string text;
  for (const auto& [name, value] : variables) {
    text.append(name).append("=").append(value).append(" ");
  }
  return text;
}

TEST_CASE("Variables keep their order, and all that came", "[variables]") {
  const Variables variables = {
      {"B", "1"}, {"HTTP_HOST", "a"}, {"B", "2"}, {"HTTP_HOST", "b"}};
  CHECK(variables.size() == 4);
  CHECK(shown(variables) == "B=1 HTTP_HOST=a B=2 HTTP_HOST=b ");
  CHECK(variables.others() == std::vector<std::uint32_t>{0, 2, 3});
  CHECK(variables == Variables(variables.begin(), variables.end()));
  CHECK_FALSE(variables == Variables{{"B", "1"}});
}

TEST_CASE("a known name has a first value and a last one", "[variables]") {
  Variables variables = {{"HTTP_HOST", "a"}, {"X", ""}, {"HTTP_HOST", "b"}};
  CHECK(variables.first(known("HTTP_HOST")) == "a");
  CHECK(variables.last(known("HTTP_HOST")) == "b");
  CHECK(variables.place(known("HTTP_HOST")) == 0);
  CHECK(variables.first(known("HTTPS")).empty());
  CHECK(variables.last(known("HTTPS")).empty());
  CHECK(variables.place(known("HTTPS")) == Variables::none);
  variables.set(known("HTTP_HOST"), "c");
  variables.set(known("HTTPS"), "on");
  CHECK(shown(variables) == "HTTP_HOST=c X= HTTP_HOST=b HTTPS=on ");
}

TEST_CASE("what is erased is gone, and all others stay in their places",
          "[variables]") {
  Variables variables = {{"X", "1"}, {"HTTPS", "on"}, {"Y", "2"}};
  variables.erase(known("HTTPS"));
  variables.erase(known("HTTPS"));
  variables.erase_other(0);
  CHECK(variables.size() == 1);
  CHECK_FALSE(variables.contains(known("HTTPS")));
  CHECK(shown(variables) == "Y=2 ");
  CHECK(variables[2].value == "2");
  variables.emplace_back("HTTPS", "off");
  CHECK(variables.first(known("HTTPS")) == "off");
  CHECK(shown(variables) == "Y=2 HTTPS=off ");
  variables.erase_other(2);
  variables.erase(known("HTTPS"));
  CHECK(variables.empty());
  CHECK(variables.begin() == variables.end());
}

TEST_CASE("cleared variables know nothing of before", "[variables]") {
  Variables variables = {{"HTTPS", "on"}, {"X", "1"}};
  variables.clear();
  CHECK(variables.empty());
  CHECK_FALSE(variables.contains(known("HTTPS")));
  CHECK(variables.others().empty());
  variables.emplace_back("X", "2");
  CHECK(shown(variables) == "X=2 ");
}

}  // namespace
}  // namespace decant
