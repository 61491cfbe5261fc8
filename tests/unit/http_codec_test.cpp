// SPDX-License-Identifier: MIT
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "decant/cgi_variables.hpp"
#include "decant/error.hpp"
#include "decant/headers.hpp"
#include "decant/http/head.hpp"
#include "decant/server/http/body.hpp"
#include "support/catch.hpp"

using namespace decant;

namespace {

using Segments = std::vector<std::string>;

/// The codec, given each segment by itself when it wants more.
class Reader {
 public:
  explicit Reader(Segments segments) : segments_(std::move(segments)) {}

  /// Null at a clean end. Throws what the door answers.
  const http::RequestHead* read_head() {
    for (;;) {
      const http::HeadScan scan = parser_.scan(bytes_, {});
      if (scan.state == http::HeadScan::State::refused) refuse(scan.status);
      if (scan.state == http::HeadScan::State::complete) {
        head_ = bytes_.substr(0, scan.size);
        bytes_.erase(0, scan.size);
        parser_.scan(head_, {});
        body_.begin(parser_.head().content_length, parser_.head().chunked,
                    false);
        return &parser_.head();
      }
      if (put_next()) continue;
      if (bytes_.find_first_not_of("\r\n") != std::string::npos ||
          bytes_ == "\r") {
        refuse(400);
      }
      return nullptr;
    }
  }

  std::size_t read_body(std::span<char> buffer) {
    for (;;) {
      std::string_view in = bytes_;
      const std::string_view piece = body_.next(in, buffer.size());
      const std::size_t size = piece.copy(buffer.data(), piece.size());
      bytes_.erase(0, bytes_.size() - in.size());
      if (!body_.sound()) refuse(400);
      if (size > 0 || body_.ended()) return size;
      if (!put_next()) refuse(400);
    }
  }

 private:
  [[noreturn]] static void refuse(int status) {
    throw GatewayError("http: refused", status);
  }

  bool put_next() {
    if (at_ == segments_.size()) return false;
    bytes_ += segments_[at_++];
    return true;
  }

  Segments segments_;
  std::size_t at_ = 0;
  std::string bytes_;
  std::string head_;
  http::HeadParser parser_;
  http::Body body_;
};

/// The fields as the application gets them.
Headers fields_of(const http::RequestHead& head) {
  Headers fields;
  for (const http::Field& field : head.fields) {
    fields.emplace_back(field.name, field.value);
  }
  return fields;
}

struct Fed {
  explicit Fed(const Segments& segments) : reader(segments) {}

  /// The rest of the body, at most `most` bytes at a time.
  std::string body(std::size_t most = 4096) {
    std::string all;
    std::vector<char> buffer(most);
    while (const std::size_t got = reader.read_body(buffer)) {
      all.append(buffer.data(), got);
    }
    return all;
  }

  Reader reader;
};

/// The status that reading a request to its end is refused with; 0 when it is
/// not.
int refusal(const Segments& segments) {
  Fed fed(segments);
  try {
    if (fed.reader.read_head()) fed.body();
    return 0;
  } catch (const GatewayError& error) {
    CHECK_THAT(error.what(), Catch::StartsWith("http: "));
    return error.status();
  }
}

int refusal_of_headers(const std::string& headers) {
  return refusal({"POST / HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n\r\n"});
}

const std::string chunked_head =
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

}  // namespace

TEST_CASE("a host is a name or an address with or without a port") {
  for (const char* const good :
       {"a", "example.org", "example.org:80", "127.0.0.1:8080", "[::1]",
        "[::1]:443", "a_b-c.d", "a:", "%41"}) {
    CAPTURE(good);
    CHECK(cgi_variables::is_host(good));
  }
  for (const char* const bad :
       {"", ":80", "a b", "user@a", "a/b", "a:x", "a:123456", "a:1:2", "[::1",
        "[]", "::1", "[::1]x", "a#b", "a?b", "a\tb", "caf\xc3\xa9", "\"a\""}) {
    CAPTURE(bad);
    CHECK_FALSE(cgi_variables::is_host(bad));
  }
}

TEST_CASE("a request head is read with its headers, repeats in their order") {
  Fed fed(
      {"PUT /a%20b?q HTTP/1.1\r\nHost: x\r\nA: 1\r\nB:  two \r\na: 3\r\n\r\n"});
  const auto head = fed.reader.read_head();
  REQUIRE(head);
  CHECK(head->method == "PUT");
  CHECK(head->target.raw == "/a%20b?q");
  CHECK(head->path == "/a b");
  CHECK_FALSE(head->http_1_0);
  CHECK(head->keep_alive);
  CHECK_FALSE(head->has_body());
  CHECK_FALSE(head->expects_continue);
  CHECK(fields_of(*head) == Headers{{"HTTP_HOST", "x"},
                                    {"HTTP_A", "1"},
                                    {"HTTP_B", "two"},
                                    {"HTTP_A", "3"}});
  CHECK_FALSE(fed.reader.read_head());
}

TEST_CASE("whether a connection persists follows RFC 9112 section 9.3") {
  const auto keeps = [](const std::string& rest) {
    return Fed({"GET / HTTP/" + rest + "\r\n\r\n"})
        .reader.read_head()
        ->keep_alive;
  };
  CHECK(keeps("1.1\r\nHost: a"));
  CHECK_FALSE(keeps("1.1\r\nHost: a\r\nConnection: close"));
  CHECK_FALSE(keeps("1.1\r\nHost: a\r\nConnection: x, Close"));
  CHECK_FALSE(keeps("1.0"));
  CHECK(keeps("1.0\r\nConnection: Keep-Alive"));
}

TEST_CASE("Expect: 100-continue means something in HTTP/1.1 only") {
  const std::string rest =
      "\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\nx";
  CHECK(Fed({"GET / HTTP/1.1" + rest}).reader.read_head()->expects_continue);
  CHECK_FALSE(
      Fed({"GET / HTTP/1.0" + rest}).reader.read_head()->expects_continue);
}

TEST_CASE("a head may come byte by byte, after empty lines") {
  Segments bytes;
  for (const char c :
       std::string("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")) {
    bytes.emplace_back(1, c);
  }
  Fed fed(bytes);
  const auto head = fed.reader.read_head();
  REQUIRE(head);
  CHECK(fields_of(*head) == Headers{{"HTTP_HOST", "a"}});
  CHECK_FALSE(fed.reader.read_head());
}

TEST_CASE("the end between requests is clean, the end inside one is not") {
  CHECK_FALSE(Fed({}).reader.read_head());
  CHECK_FALSE(Fed({"\r\n"}).reader.read_head());
  CHECK(refusal({"G"}) == 400);
  CHECK(refusal({"\r"}) == 400);
  CHECK(refusal({"GET / HTTP/1.1\r\nHost: a\r\n"}) == 400);
  CHECK(refusal({"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n",
                 "ab"}) == 400);
  CHECK(refusal({chunked_head, "5\r\nab"}) == 400);
  CHECK(refusal({chunked_head, "2\r\nab\r\n"}) == 400);
}

TEST_CASE("a body ends at its Content-Length and the next request follows") {
  Fed fed({"POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", "he",
           "lloGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"});
  REQUIRE(fed.reader.read_head()->has_body());
  CHECK(fed.body() == "hello");
  CHECK(fed.body().empty());
  CHECK(fed.reader.read_head()->target.raw == "/2");
}

TEST_CASE("a chunked body is decoded wherever its bytes are split") {
  const std::string rest =
      "5;name=\"value\"\r\nhello\r\nA\r\n 0123\r\n789\r\n0\r\nTrailer: "
      "x\r\n\r\n"
      "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n";
  for (std::size_t at = 0; at <= rest.size(); ++at) {
    CAPTURE(at);
    Segments segments = {chunked_head};
    if (at > 0) segments.push_back(rest.substr(0, at));
    if (at < rest.size()) segments.push_back(rest.substr(at));
    Fed fed(segments);
    REQUIRE(fed.reader.read_head()->has_body());
    CHECK(fed.body() == "hello 0123\r\n789");
    CHECK(fed.reader.read_head()->target.raw == "/2");
  }
}

TEST_CASE("a chunked body may be empty and come byte by byte") {
  Fed fed({chunked_head, "0", "\r", "\n", "\r", "\n"});
  REQUIRE(fed.reader.read_head()->has_body());
  CHECK(fed.body().empty());
  CHECK_FALSE(fed.reader.read_head());
}

TEST_CASE("a body is read by buffers smaller than its pieces") {
  Fed length({"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"});
  REQUIRE(length.reader.read_head());
  CHECK(length.body(1) == "hello");
  Fed chunks({chunked_head + "5\r\nhello\r\n0\r\n\r\n"});
  REQUIRE(chunks.reader.read_head());
  CHECK(chunks.body(2) == "hello");
}

TEST_CASE("a body is given as it comes, before all of it is there") {
  Fed fed({chunked_head, "3\r\nabc\r\n"});
  REQUIRE(fed.reader.read_head());
  std::array<char, 16> buffer{};
  CHECK(fed.reader.read_body(buffer) == 3);
  CHECK_THROWS_AS(fed.reader.read_body(buffer), GatewayError);
}

TEST_CASE("a request whose length is ambiguous is refused") {
  const auto refused = refusal_of_headers;
  CHECK(refused("Content-Length: 1\r\nTransfer-Encoding: chunked") == 400);
  CHECK(refused("Transfer-Encoding: chunked\r\nContent-Length: 1") == 400);
  CHECK(refused("Content-Length: 1\r\nContent-Length: 2") == 400);
  CHECK(refused("Content-Length: 0\r\nContent-Length: 0") == 400);
  for (const char* const length :
       {"", "x", "-1", "+1", "0x1", "1 1", "1,1", "1, 1", "1.0", "1,",
        "18446744073709551616", "9223372036854775808"}) {
    CAPTURE(length);
    CHECK(refused(std::string("Content-Length: ") + length) == 400);
  }
  CHECK(refusal({"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "0\r\n\r\n"}) == 400);
}

TEST_CASE("a transfer coding other than chunked is refused") {
  for (const char* const coding : {"gzip", "chunked, identity", "identity",
                                   "xchunked", "chunked;q=1", ""}) {
    CAPTURE(coding);
    CHECK(refusal_of_headers(std::string("Transfer-Encoding: ") + coding) ==
          400);
  }
  CHECK(refusal_of_headers("Transfer-Encoding: gzip, chunked") == 501);
  CHECK(refusal({"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked"
                 "\r\n\r\n0\r\n\r\n"}) == 0);
}

TEST_CASE("HTTP/1.1 has one Host, which is one") {
  CHECK(refusal({"GET / HTTP/1.1\r\n\r\n"}) == 400);
  CHECK(refusal({"GET http://a/ HTTP/1.1\r\n\r\n"}) == 400);
  CHECK(refusal({"GET / HTTP/1.0\r\n\r\n"}) == 0);
  CHECK(refusal({"GET / HTTP/1.1\r\nHost:\r\n\r\n"}) == 0);
  CHECK(refusal_of_headers("Host: b") == 400);
  CHECK(refusal_of_headers("host: a") == 400);
  CHECK(refusal({"GET / HTTP/1.1\r\nHost: a b\r\n\r\n"}) == 400);
  CHECK(refusal({"GET / HTTP/1.0\r\nHost: a/b\r\n\r\n"}) == 400);
}

TEST_CASE("a malformed head is refused") {
  const auto refused = refusal_of_headers;
  CHECK(refused("A: 1\r\n folded") == 400);
  CHECK(refused("A:\r\n\tfolded") == 400);
  CHECK(refused("A: bare\rreturn") == 400);
  CHECK(refused("A: bare\nfeed") == 400);
  CHECK(refused(std::string("A: n\0l", 6)) == 400);
  CHECK(refused("A: \x7f") == 400);
  CHECK(refused("A : space") == 400);
  CHECK(refused(" A: space") == 400);
  CHECK(refused("no colon") == 400);
  CHECK(refused(": no name") == 400);
  CHECK(refused("Content-Type: a/b\r\nContent-Type: c/d") == 400);
  for (const char* const line :
       {"GET /", "GET / / HTTP/1.1", "GET  / HTTP/1.1", "GET / http/1.1",
        "GET / HTTP/1.1 ", " GET / HTTP/1.1", "G\"T / HTTP/1.1",
        "GET /\t HTTP/1.1"}) {
    CAPTURE(line);
    CHECK(refusal({std::string(line) + "\r\nHost: a\r\n\r\n"}) == 400);
  }
}

TEST_CASE("another version than HTTP/1 is refused") {
  CHECK(refusal({"GET / HTTP/2.0\r\nHost: a\r\n\r\n"}) == 505);
  CHECK(refusal({"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}) == 505);
  CHECK(refusal({"GET / HTTP/1.2\r\nHost: a\r\n\r\n"}) == 0);
}

TEST_CASE("a malformed chunk is refused") {
  for (const char* const body :
       {"x\r\n\r\n", "-1\r\na\r\n0\r\n\r\n", "0x1\r\na\r\n0\r\n\r\n",
        " 1\r\na\r\n0\r\n\r\n", "\r\n0\r\n\r\n", "1\r\nab\r\n0\r\n\r\n",
        "1\na\n0\n\n\r\n\r\n", "1;a\nb\r\na\r\n0\r\n\r\n",
        "1;a\rb\r\na\r\n0\r\n\r\n", "10000000000000000\r\na\r\n0\r\n\r\n",
        "0\r\nbad trailer\r\n\r\n"}) {
    CAPTURE(body);
    CHECK(refusal({chunked_head + body}) == 400);
  }
}

TEST_CASE("a head of more than 64 KiB is too large") {
  const std::string block(16384, 'x');
  const auto with_blocks = [&block](int count) {
    Segments segments = {"GET / HTTP/1.1\r\nHost: a\r\n"};
    for (int i = 0; i < count; ++i) {
      segments.push_back("A: " + block + "\r\n");
    }
    segments.emplace_back("\r\n");
    return refusal(segments);
  };
  CHECK(with_blocks(3) == 0);
  CHECK(with_blocks(4) == 431);
  CHECK(with_blocks(5) == 431);
}

TEST_CASE("chunk extensions and trailers without an end are refused") {
  const std::string block(16384, 'x');
  const Segments blocks(5, block);
  Segments extension = {chunked_head, "1;a="};
  extension.insert(extension.end(), blocks.begin(), blocks.end());
  CHECK(refusal(extension) == 400);
  Segments trailer = {chunked_head, "0\r\nA: "};
  trailer.insert(trailer.end(), blocks.begin(), blocks.end());
  Fed fed(trailer);
  REQUIRE(fed.reader.read_head());
  CHECK_THROWS_AS(fed.body(), GatewayError);
}
