// SPDX-License-Identifier: MIT
#include "decant/preconditions.hpp"

#include "support/catch.hpp"
#include "support/recording_exchange.hpp"

namespace decant {
namespace {

constexpr const char* date = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::time_t seconds = 784111777;

int check(std::string_view name, std::string_view value,
          const Validators& validators) {
  const test::TestEnviron test({{name, value}});
  return check_preconditions(test.env, validators);
}

TEST_CASE("A tag may hold a comma and come among others") {
  const Validators validators{.etag = R"("a,b")"};
  CHECK(check("HTTP_IF_NONE_MATCH", R"("x", W/"a,b" , "y")", validators) ==
        304);
  CHECK(check("HTTP_IF_NONE_MATCH", R"("a", "b")", validators) == 200);
  CHECK(check("HTTP_IF_NONE_MATCH", "*", validators) == 304);
  CHECK(check("HTTP_IF_NONE_MATCH", R"(a,b)", validators) == 200);
  CHECK(check("HTTP_IF_NONE_MATCH", R"(W/)", validators) == 200);
  CHECK(check("HTTP_IF_NONE_MATCH", R"("a,b)", validators) == 200);
}

TEST_CASE("If-Match compares strongly, If-None-Match weakly") {
  const Validators weak{.etag = R"(W/"1")"};
  const Validators strong{.etag = R"("1")"};
  CHECK(check("HTTP_IF_MATCH", R"(W/"1")", weak) == 412);
  CHECK(check("HTTP_IF_MATCH", R"("1")", weak) == 412);
  CHECK(check("HTTP_IF_MATCH", R"(W/"1")", strong) == 412);
  CHECK(check("HTTP_IF_MATCH", R"("0", "1")", strong) == 200);
  CHECK(check("HTTP_IF_NONE_MATCH", R"("1")", weak) == 304);
  CHECK(check("HTTP_IF_NONE_MATCH", R"(W/"1")", strong) == 304);
}

TEST_CASE("Without a date nothing is said of dates") {
  const Validators dateless{.etag = R"("1")"};
  CHECK(check("HTTP_IF_MODIFIED_SINCE", date, dateless) == 200);
  CHECK(check("HTTP_IF_UNMODIFIED_SINCE", date, dateless) == 200);
  const Validators dated{.modified = seconds};
  CHECK(check("HTTP_IF_MODIFIED_SINCE", date, dated) == 304);
  CHECK(check("HTTP_IF_NONE_MATCH", R"("1")", dated) == 200);
  CHECK(check("HTTP_IF_UNMODIFIED_SINCE", date, {.modified = seconds + 1}) ==
        412);
}

}  // namespace
}  // namespace decant
