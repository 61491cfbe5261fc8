// SPDX-License-Identifier: MIT
#include <vector>

#include "decant/error.hpp"
#include "decant/web/response.hpp"
#include "decant/web/response_fields.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;

namespace decant::web {
namespace {

std::string field(const Response& response, std::string_view name) {
  const std::string* const value = find_header(response.headers(), name);
  return value != nullptr ? *value : "none";
}

TEST_CASE("Headers are set by their kind") {
  const Response response =
      Response("x")
          .content_type("text/csv; charset=utf-8")
          .content_language({"de", "en-GB"})
          .cache_control({.is_private = true, .max_age = 60s})
          .expires(784111777)
          .last_modified(784111777)
          .etag("1a")
          .vary("Accept")
          .vary("accept")
          .vary("Cookie")
          .location("/a b?c=\xC3\xA9")
          .allow({"GET", "HEAD"})
          .retry_after(120s)
          .attachment("a.csv");
  CHECK(response.headers() ==
        Headers{{"Content-Type", "text/csv; charset=utf-8"},
                {"Content-Language", "de, en-GB"},
                {"Cache-Control", "private, max-age=60"},
                {"Expires", "Sun, 06 Nov 1994 08:49:37 GMT"},
                {"Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"},
                {"ETag", "\"1a\""},
                {"Vary", "Accept, Cookie"},
                {"Location", "/a%20b?c=%C3%A9"},
                {"Allow", "GET, HEAD"},
                {"Retry-After", "120"},
                {"Content-Disposition", "attachment; filename=\"a.csv\""}});
  // A value takes the place of the one before, but for challenges.
  Response again = response;
  again.cache_control({.no_store = true}).etag("2", true).allow({});
  again.retry_after(std::chrono::system_clock::from_time_t(784111777));
  again.www_authenticate("Basic", {{"realm", "a \"b\""}, {"charset", "UTF-8"}});
  again.www_authenticate("Negotiate");
  CHECK(field(again, "Cache-Control") == "no-store");
  CHECK(field(again, "ETag") == "W/\"2\"");
  CHECK(field(again, "Allow").empty());
  CHECK(field(again, "Retry-After") == "Sun, 06 Nov 1994 08:49:37 GMT");
  const Headers& headers = again.headers();
  REQUIRE(headers.size() == 13);
  CHECK(headers[11].second == "Basic realm=\"a \\\"b\\\"\", charset=\"UTF-8\"");
  CHECK(headers[12].second == "Negotiate");
}

TEST_CASE("Cache-Control has all that RFC 9111 section 5.2.2 has") {
  CHECK(cache_control_value({}).empty());
  CHECK(cache_control_value({.no_store = true,
                             .no_cache = true,
                             .is_public = true,
                             .is_private = true,
                             .must_revalidate = true,
                             .proxy_revalidate = true,
                             .no_transform = true,
                             .immutable = true,
                             .max_age = 0s,
                             .s_maxage = 1h,
                             .stale_while_revalidate = 1min,
                             .stale_if_error = 24h}) ==
        "no-store, no-cache, public, private, must-revalidate, "
        "proxy-revalidate, no-transform, immutable, max-age=0, s-maxage=3600, "
        "stale-while-revalidate=60, stale-if-error=86400");
}

TEST_CASE("A name of a file is written as RFC 6266 and RFC 8187 say") {
  const auto saved = [](std::string_view name) {
    return content_disposition_value("attachment", name);
  };
  CHECK(saved("") == "attachment");
  CHECK(content_disposition_value("inline", "a b.txt") ==
        "inline; filename=\"a b.txt\"");
  CHECK(saved("na\xC3\xAFve plan;1.txt") ==
        "attachment; filename=\"na__ve plan;1.txt\"; "
        "filename*=UTF-8''na%C3%AFve%20plan%3B1.txt");
  CHECK(saved("\xE2\x82\xAC rates") ==
        "attachment; filename=\"___ rates\"; "
        "filename*=UTF-8''%E2%82%AC%20rates");
  CHECK(saved("a\"b\\c.txt") ==
        "attachment; filename=\"a_b_c.txt\"; "
        "filename*=UTF-8''a%22b%5Cc.txt");
  CHECK(saved("50%41*'.txt") ==
        "attachment; filename=\"50_41*'.txt\"; "
        "filename*=UTF-8''50%2541%2A%27.txt");
}

TEST_CASE("What cannot stand in a header is refused where it is set") {
  Response response("x");
  for (const std::string& bad :
       std::vector<std::string>{"a\r\nSet-Cookie: b=c", "a\nb", "a\rb",
                                std::string("a\0b", 3), std::string("a\x7F")}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(response.content_type("text/" + bad), ApplicationError);
    CHECK_THROWS_AS(response.content_disposition(bad), ApplicationError);
    CHECK_THROWS_AS(response.attachment(bad), ApplicationError);
    CHECK_THROWS_AS(response.content_language({bad}), ApplicationError);
    CHECK_THROWS_AS(response.etag(bad), ApplicationError);
    CHECK_THROWS_AS(response.vary(bad), ApplicationError);
    CHECK_THROWS_AS(response.location(bad), ApplicationError);
    CHECK_THROWS_AS(response.allow({"GET", bad}), ApplicationError);
    CHECK_THROWS_AS(response.www_authenticate(bad), ApplicationError);
    CHECK_THROWS_AS(response.www_authenticate("Basic", {{"realm", bad}}),
                    ApplicationError);
    CHECK_THROWS_AS(response.www_authenticate("Basic", {{bad, "x"}}),
                    ApplicationError);
  }
  CHECK_THROWS_AS(response.content_type("html"), ApplicationError);
  CHECK_THROWS_AS(response.etag("a\"b"), ApplicationError);
  CHECK_THROWS_AS(response.etag("a b"), ApplicationError);
  CHECK_THROWS_AS(response.vary("a, b"), ApplicationError);
  CHECK_THROWS_AS(response.retry_after(-1s), ApplicationError);
  CHECK_THROWS_AS(response.cache_control({.max_age = -1s}), ApplicationError);
  // And nothing was set.
  CHECK(response.headers().size() == 1);
}

}  // namespace
}  // namespace decant::web
