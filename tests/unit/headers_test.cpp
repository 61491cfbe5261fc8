// SPDX-License-Identifier: MIT
#include "decant/headers.hpp"

#include "decant/error.hpp"
#include "support/catch.hpp"

namespace decant {
namespace {

using Catch::Contains;

TEST_CASE("Header names are compared without case") {
  CHECK(equals_ignoring_case("Content-Type", "content-TYPE"));
  CHECK_FALSE(equals_ignoring_case("Content-Type", "Content-Typ"));
  CHECK_FALSE(equals_ignoring_case("\xC4", "\xE4"));  // only ASCII has case
  CHECK(equals_ignoring_case("", ""));
}

TEST_CASE("The first of repeated headers is found, all of them are removed") {
  Headers headers = {{"Set-Cookie", "a"}, {"X", "y"}, {"set-cookie", "b"}};
  REQUIRE(find_header(headers, "SET-COOKIE") != nullptr);
  CHECK(*find_header(headers, "SET-COOKIE") == "a");
  CHECK(find_header(headers, "Cookie") == nullptr);
  remove_header(headers, "Set-Cookie");
  CHECK(headers == Headers{{"X", "y"}});
}

TEST_CASE("A token holds no separator, no blank and no control character") {
  CHECK(is_token("X-Under_score!#$%&'*+.^`|~09"));
  for (const char* const text :
       {"", "a b", "a:b", "a\n", "a/b", "\x80", "a\"", "(a)", "a,b", "a=b"}) {
    CAPTURE(text);
    CHECK_FALSE(is_token(text));
  }
}

TEST_CASE("A field value may hold tabs and bytes above 0x7F") {
  CHECK(is_field_value(""));
  CHECK(is_field_value("a\tb \xFF\x80"));
  for (const char* const text : {"a\r", "a\nb", "\x01", "\x7F"}) {
    CHECK_FALSE(is_field_value(text));
  }
  CHECK_FALSE(is_field_value(std::string_view("a\0b", 3)));
}

TEST_CASE("Hop-by-hop headers are known by name") {
  for (const char* const name :
       {"Connection", "keep-alive", "Proxy-Authenticate", "Proxy-Authorization",
        "TE", "Trailer", "Trailers", "Transfer-Encoding", "UPGRADE"}) {
    CAPTURE(name);
    CHECK(is_hop_by_hop(name));
  }
  CHECK_FALSE(is_hop_by_hop("Content-Length"));
}

TEST_CASE("A Content-Length is digits within 63 bits") {
  CHECK(parse_content_length("0") == 0U);
  CHECK(parse_content_length("007") == 7U);
  CHECK(parse_content_length("9223372036854775807") == 9223372036854775807U);
  for (const char* const text :
       {"", " ", "1 ", " 1", "+1", "-1", "1,1", "0x1", "1.0", "1e3",
        "9223372036854775808", "18446744073709551616",
        "99999999999999999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_content_length(text).has_value());
  }
}

TEST_CASE("Good headers give their Content-Length") {
  CHECK(check_headers({}) == std::nullopt);
  CHECK(check_headers({{"Set-Cookie", "a"}, {"Set-Cookie", "b"}}) ==
        std::nullopt);
  CHECK(check_headers({{"X", ""}, {"content-length", "12"}}) == 12U);
}

TEST_CASE("A bad header is refused with its cure") {
  const auto refusal = [](const char* name, const char* value) {
    try {
      check_headers({{name, value}});
    } catch (const ApplicationError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  CHECK_THAT(refusal("a b", ""), Contains("\"a b\" is not a token"));
  CHECK_THAT(refusal("X:", ""), Contains("is not a token"));
  CHECK_THAT(refusal("", "x"), Contains("is not a token"));
  CHECK_THAT(refusal("X", "a\r\nSet-Cookie: b"),
             Contains("\"a\\x0d\\x0aSet-Cookie: b\"") &&
                 Contains("control character"));
  CHECK_THAT(refusal("status", "200 OK"), Contains("clashes with CGI"));
  CHECK_THAT(refusal("Transfer-Encoding", "chunked"), Contains("hop-by-hop"));
  CHECK_THAT(refusal("Content-Length", "1, 1"), Contains("digits only"));
  CHECK_THAT(refusal("Content-Length", ""), Contains("digits only"));
}

TEST_CASE("Content-Length may be given only once, even with one value") {
  CHECK_THROWS_WITH(
      check_headers({{"Content-Length", "1"}, {"content-length", "1"}}),
      Contains("more than once"));
}

}  // namespace
}  // namespace decant
