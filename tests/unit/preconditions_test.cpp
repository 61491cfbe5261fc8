// SPDX-License-Identifier: MIT
#include "decant/preconditions.hpp"

#include "decant/web/accept.hpp"
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

TEST_CASE("Codings are weighed as RFC 9110 section 12.5.3 says") {
  struct Row {
    const char* accept;
    const char* coding;
    int quality;
  };
  const Row rows[] = {{"gzip, deflate, br", "br", 1000},
                      {"gzip;q=0.5", "GZIP", 500},
                      {"gzip", "br", 0},
                      {"x-gzip;q=0.3", "gzip", 300},
                      {"x-br", "br", 0},
                      // The five examples of the section.
                      {"compress, gzip", "compress", 1000},
                      {"", "gzip", 0},
                      {"*", "gzip", 1000},
                      {"compress;q=0.5, gzip;q=1.0", "compress", 500},
                      {"gzip;q=1.0, identity; q=0.5, *;q=0", "gzip", 1000},
                      {"gzip;q=1.0, identity; q=0.5, *;q=0", "identity", 500},
                      {"gzip;q=1.0, identity; q=0.5, *;q=0", "br", 0},
                      // What is named counts, wherever "*" stands.
                      {"gzip;q=0, *", "gzip", 0},
                      {"*, gzip;q=0", "gzip", 0},
                      {"gzip;q=0, *", "br", 1000},
                      {"*;q=0.2", "zstd", 200},
                      {"gzip", "identity", 1},
                      {"", "identity", 1},
                      {"identity;q=0", "identity", 0},
                      {"*;q=0", "identity", 0},
                      {"*;q=0, identity;q=0.1", "identity", 100},
                      {",, ;q=1, garbage", "gzip", 0}};
  for (const auto& [accept, coding, quality] : rows) {
    CAPTURE(accept, coding);
    CHECK(quality_of_coding(accept, coding) == quality);
    CHECK(web::encoding_quality(accept, coding) == quality);
  }
}

}  // namespace
}  // namespace decant
