// SPDX-License-Identifier: MIT
#include "decant/command/nearest.hpp"

#include "support/catch.hpp"

namespace decant::command {

TEST_CASE("a mistyped word is told from another one") {
  const std::vector<std::string> words = {
      "cgi", "fcgi", "run", "wrap", "--processes", "--program-timeout"};
  CHECK(nearest("--processess", words) == "--processes");
  CHECK(nearest("--proceses", words) == "--processes");
  CHECK(nearest("--prcoesses", words) == "--processes");
  CHECK(nearest("--programtimeout", words) == "--program-timeout");
  CHECK(nearest("fgci", words) == "fcgi");
  CHECK(nearest("fastcgi", words) == "");
  CHECK(nearest("--colour", words) == "");
  CHECK(nearest("", words) == "");
  CHECK(nearest(std::string(1000, 'x'), words) == "");
  CHECK(nearest("run", {}) == "");
}

}  // namespace decant::command
