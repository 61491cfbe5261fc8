// SPDX-License-Identifier: MIT
#include "decant/error.hpp"
#include "decant/web/cookie.hpp"
#include "support/catch.hpp"

namespace decant::web {
namespace {

TEST_CASE("A Cookie field is parted at its semicolons") {
  const std::pair<const char*, Fields> vectors[] = {
      {"", {}},
      {"a=b", {{"a", "b"}}},
      {"SID=31d4d96e407aad42; lang=en-US",
       {{"SID", "31d4d96e407aad42"}, {"lang", "en-US"}}},
      {"a=b;c=d", {{"a", "b"}, {"c", "d"}}},
      {"a=1; a=2", {{"a", "1"}, {"a", "2"}}},
      {"a=", {{"a", ""}}},
      {"a=b=c==", {{"a", "b=c=="}}},
      {" a = b ", {{"a", "b"}}},
      {"a=\"b c\"", {{"a", "\"b c\""}}},
      {"a=\"b;c=d\"", {{"a", "\"b"}, {"c", "d\""}}},
      {"a; =b; ;c=d;", {{"c", "d"}}},
      {"a=%20+", {{"a", "%20+"}}},
      {"$Version=1; a=b", {{"$Version", "1"}, {"a", "b"}}},
      {"a=caf\xC3\xA9", {{"a", "caf\xC3\xA9"}}}};
  for (const auto& [text, cookies] : vectors) {
    CAPTURE(text);
    CHECK(parse_cookies(text) == cookies);
  }
}

TEST_CASE("A cookie is set as carefully as may be") {
  CHECK(set_cookie_value({.name = "SID", .value = "31d4d96e407aad42"}) ==
        "SID=31d4d96e407aad42; Path=/; HttpOnly; SameSite=Lax");
  CHECK(set_cookie_value({.name = "a",
                          .value = "\"b\"",
                          .max_age = std::chrono::hours(1),
                          .expires = 784111777,
                          .domain = "example.org",
                          .path = "/x",
                          .secure = true,
                          .http_only = false,
                          .same_site = SameSite::none}) ==
        "a=\"b\"; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Max-Age=3600; "
        "Domain=example.org; Path=/x; Secure; SameSite=None");
  CHECK(set_cookie_value({.name = "__Host-a",
                          .value = "",
                          .secure = true,
                          .same_site = SameSite::strict}) ==
        "__Host-a=; Path=/; Secure; HttpOnly; SameSite=Strict");
}

TEST_CASE("What RFC 6265 refuses is refused") {
  const Cookie refused[] = {
      {.name = "", .value = ""},
      {.name = "a b", .value = ""},
      {.name = "a=b", .value = ""},
      {.name = "a;b", .value = ""},
      {.name = "a", .value = "b c"},
      {.name = "a", .value = "b;c"},
      {.name = "a", .value = "b,c"},
      {.name = "a", .value = "b\\c"},
      {.name = "a", .value = "b\"c"},
      {.name = "a", .value = "\""},
      {.name = "a", .value = "b\r\nSet-Cookie: c=d"},
      {.name = "a", .value = "caf\xC3\xA9"},
      {.name = "a", .value = std::string(1, '\0')},
      {.name = "a", .value = "", .path = "/;x"},
      {.name = "a", .value = "", .path = "/\n"},
      {.name = "a", .value = "", .path = "x"},
      {.name = "a", .value = "", .path = "/x "},
      {.name = "a", .value = "", .domain = "a;b"},
      {.name = "a", .value = "", .domain = ".a"},
      {.name = "a", .value = "", .domain = "a b"},
      {.name = "a", .value = "", .same_site = SameSite::none},
      {.name = "__Secure-a", .value = ""},
      {.name = "__Host-a", .value = ""},
      {.name = "__Host-a", .value = "", .path = "/x", .secure = true},
      {.name = "__Host-a", .value = "", .domain = "a", .secure = true}};
  for (const Cookie& cookie : refused) {
    CAPTURE(cookie.name, cookie.value, cookie.path, cookie.domain);
    CHECK_THROWS_AS(set_cookie_value(cookie), ApplicationError);
  }
}

TEST_CASE("A Set-Cookie is read as browsers read it") {
  const auto cookie = parse_set_cookie(
      " a = b=c ; expires=Sun, 06 Nov 1994 08:49:37 GMT; MAX-AGE=60;"
      "Domain=.example.org; path=/x; secure; HttpOnly; SameSite=strict; other");
  REQUIRE(cookie);
  CHECK(cookie->name == "a");
  CHECK(cookie->value == "b=c");
  CHECK(cookie->expires == 784111777);
  CHECK(cookie->max_age == std::chrono::seconds(60));
  CHECK(cookie->domain == "example.org");
  CHECK(cookie->path == "/x");
  CHECK(cookie->secure);
  CHECK(cookie->http_only);
  CHECK(cookie->same_site == SameSite::strict);

  const auto plain = parse_set_cookie("a=; path=x; max-age=-5; expires=never");
  REQUIRE(plain);
  CHECK(plain->value.empty());
  CHECK(plain->path.empty());
  CHECK(plain->max_age == std::chrono::seconds(-1));
  CHECK_FALSE(plain->expires);
  CHECK_FALSE(plain->http_only);

  CHECK_FALSE(parse_set_cookie("a"));
  CHECK_FALSE(parse_set_cookie("=b"));
  CHECK_FALSE(parse_set_cookie(""));
}

TEST_CASE("A cookie that is set is read again") {
  const Cookie cookie{.name = "a",
                      .value = "b",
                      .max_age = std::chrono::seconds(0),
                      .path = "/x",
                      .secure = true,
                      .same_site = SameSite::none};
  const auto read = parse_set_cookie(set_cookie_value(cookie));
  REQUIRE(read);
  CHECK(set_cookie_value(*read) == set_cookie_value(cookie));
}

}  // namespace
}  // namespace decant::web
