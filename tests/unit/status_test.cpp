// SPDX-License-Identifier: MIT
#include "decant/status.hpp"

#include "decant/error.hpp"
#include "support/catch.hpp"

namespace decant {
namespace {

TEST_CASE("A status is three digits, a space and a reason") {
  const Status status("404 Not Found");
  CHECK(status.code() == 404);
  CHECK(status.line() == "404 Not Found");
  CHECK(Status("299 ").code() == 299);  // the reason may be empty
  CHECK(Status("200 caf\xE9\t!").code() == 200);
}

TEST_CASE("A malformed status is refused with the form it must have") {
  for (const char* const line :
       {"", "200", "20 OK", "2000 OK", "OK", "099 Low", "200  ok\n", "200\tOK",
        " 200 OK", "200 OK\r\n", "200 a\x7F", "2x0 OK", "-20 OK"}) {
    CAPTURE(line);
    CHECK_THROWS_AS(Status(line), ApplicationError);
    CHECK_THROWS_WITH(Status(line), Catch::Contains("\"200 OK\""));
  }
}

TEST_CASE("1xx, 204 and 304 have no content") {
  for (const char* const line :
       {"100 Continue", "199 x", "204 No Content", "304 Not Modified"}) {
    CHECK_FALSE(Status(line).has_content());
  }
  for (const char* const line :
       {"200 OK", "205 Reset", "301 Moved", "500 x", "999 x"}) {
    CHECK(Status(line).has_content());
  }
}

TEST_CASE("A code has its standard reason, an unknown one an empty one") {
  CHECK(standard_status(200) == "200 OK");
  CHECK(standard_status(413) == "413 Content Too Large");
  CHECK(standard_status(422) == "422 Unprocessable Content");
  CHECK(standard_status(504) == "504 Gateway Timeout");
  CHECK(standard_status(599) == "599 ");
  CHECK(Status(standard_status(599)).code() == 599);
}

}  // namespace
}  // namespace decant
