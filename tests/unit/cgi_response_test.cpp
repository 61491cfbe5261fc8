// SPDX-License-Identifier: MIT
#include "decant/cgi_response.hpp"

#include "decant/error.hpp"
#include "support/catch.hpp"

namespace decant::cgi_response {
namespace {

std::string written(const char* status, const Headers& headers) {
  std::string out;
  write_head(out, Status(status), headers);
  return out;
}

TEST_CASE("The status comes first, even for 200 and with a Location") {
  CHECK(written("200 OK", {}) == "Status: 200 OK\r\n\r\n");
  CHECK(written("302 Found", {{"Location", "/x"}, {"A", ""}}) ==
        "Status: 302 Found\r\nLocation: /x\r\nA: \r\n\r\n");
}

TEST_CASE("A head is appended to what is there") {
  std::string out = "before";
  write_head(out, Status("200 OK"), {});
  CHECK(out == "beforeStatus: 200 OK\r\n\r\n");
}

TEST_CASE("A head that is written is parsed to what it was") {
  const Headers headers = {{"Content-Type", "text/plain"},
                           {"Set-Cookie", "a=1"},
                           {"Set-Cookie", "b=2"},
                           {"X-Empty", ""},
                           {"X-Bytes", "caf\xE9: \"quoted\"\tand tab"}};
  for (const char* const status : {"200 OK", "404 Not Found", "299 "}) {
    const std::string text = written(status, headers);
    const auto head = parse_head(text + "body");
    REQUIRE(head);
    CHECK(head->status.line() == status);
    CHECK(head->headers == headers);
    CHECK(head->size == text.size());
  }
}

TEST_CASE("A head is incomplete until its empty line has come") {
  const std::string text = "Status: 200 OK\r\nA: b\r\n\r\n";
  for (std::size_t size = 0; size < text.size(); ++size) {
    CHECK_FALSE(parse_head(text.substr(0, size)).has_value());
  }
  CHECK(parse_head(text).has_value());
}

TEST_CASE("Lines may end in LF alone, also mixed") {
  const auto head = parse_head("A: b\nC: d\r\n\nbody");
  REQUIRE(head);
  CHECK(head->headers == Headers{{"A", "b"}, {"C", "d"}});
  CHECK(head->size == 12);
}

TEST_CASE("Without Status it is 200, with a Location 302") {
  CHECK(parse_head("A: b\n\n")->status.line() == "200 OK");
  CHECK(parse_head("Location: /x\n\n")->status.line() == "302 Found");
  CHECK(parse_head("location: http://a/\n\n")->status.code() == 302);
  CHECK(parse_head("Location: /x\nStatus: 201 Created\n\n")->status.line() ==
        "201 Created");
}

TEST_CASE("A status may lack its reason and stand anywhere") {
  CHECK(parse_head("Status: 404\n\n")->status.line() == "404 ");
  CHECK(parse_head("A: b\nSTATUS:  500 Oops \n\n")->status.line() ==
        "500 Oops");
}

TEST_CASE("A first line of HTTP is taken as the status") {
  CHECK(parse_head("HTTP/1.1 404 Not Found\r\nA: b\r\n\r\n")->status.line() ==
        "404 Not Found");
  CHECK(parse_head("HTTP/1.0 204\n\n")->status.code() == 204);
}

TEST_CASE("Blanks around a value are no part of it") {
  CHECK(parse_head("A:\t b c \t\n\n")->headers == Headers{{"A", "b c"}});
  CHECK(parse_head("A:b\n\n")->headers == Headers{{"A", "b"}});
  CHECK(parse_head("A:\n\n")->headers == Headers{{"A", ""}});
}

TEST_CASE("A malformed head is refused with 502") {
  for (const char* const text : {"\n",
                                 "\r\n\r\nbody",
                                 "no colon\n\n",
                                 ": no name\n\n",
                                 "A b: blank in the name\n\n",
                                 "A : blank\n\n",
                                 "A: b\n folded\n\n",
                                 "A: b\rc\n\n",
                                 "A: \x01\n\n",
                                 "Status: abc\n\n",
                                 "Status: 20\n\n",
                                 "Status: 99 x\n\n",
                                 "Status:\n\n",
                                 "Status: 200 OK\nStatus: 200 OK\n\n",
                                 "HTTP/1.1\n\n",
                                 "HTTP/1.1 abc\n\n",
                                 "A: b\nHTTP/1.1 200 OK\n\n",
                                 "HTTP/1.1 200 OK\nStatus: 404 x\n\n",
                                 "Content-Length: x\n\n",
                                 "Content-Length: 1\nContent-Length: 2\n\n",
                                 "Content-Length: -1\n\n",
                                 "Traceback (most recent call last):\n\n",
                                 "<html>\n<p>no head</p>\n\n"}) {
    CAPTURE(text);
    try {
      parse_head(text);
      FAIL_CHECK("accepted");
    } catch (const GatewayError& error) {
      CHECK(error.status() == 502);
      CHECK_THAT(error.what(), Catch::StartsWith("program: "));
    }
  }
}

TEST_CASE("A malformed line is refused before the head is complete") {
  CHECK_THROWS_AS(parse_head("<html>\n<body>"), GatewayError);
}

}  // namespace
}  // namespace decant::cgi_response
