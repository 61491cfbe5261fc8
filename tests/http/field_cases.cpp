// SPDX-License-Identifier: MIT
#include "http/cases.hpp"

namespace decant::test::http {
namespace {

HttpCase field(const std::string& section, const std::string& name,
               const std::string& lines, int status,
               const std::string& holds = {}) {
  const Then then = status < 300 ? Then::open : Then::close;
  return {section, name, get(lines + "\r\n"), {status}, then, holds};
}

HttpCase hosts(const std::string& name, const std::string& lines, int status,
               const std::string& holds = {}) {
  const Then then = status < 300 ? Then::open : Then::close;
  return {"9112 3.2", name, "GET / HTTP/1.1\r\n" + lines + "\r\n",
          {status},   then, holds};
}

std::string many(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) {
    lines += "F" + std::to_string(i) + ": v\r\n";
  }
  return lines;
}

}  // namespace

HttpCases field_cases() {
  HttpCases cases = {
      field("9110 5", "a field", "X-A: b", 200, "HTTP_X_A=b\n"),
      field("9110 5.1", "names in any case", "x-a: b", 200, "HTTP_X_A=b\n"),
      field("9110 5.5", "white space around a value", "X-A: \t b \t", 200,
            "HTTP_X_A=b\n"),
      field("9110 5.5", "no white space", "X-A:b", 200, "HTTP_X_A=b\n"),
      field("9110 5.5", "an empty value", "X-A:", 200, "HTTP_X_A=\n"),
      field("9110 5.5", "a tab in a value", "X-A: b\tc", 200,
            "HTTP_X_A=b\tc\n"),
      field("9110 5.5", "bytes beyond ASCII in a value", "X-A: \xc3\xa9", 200,
            "HTTP_X_A=\xc3\xa9\n"),
      field("9110 5.3", "a field twice is a list", "X-A: b\r\nX-A: c", 200,
            "HTTP_X_A=b, c\n"),
      field("6265 5.4", "Cookie twice", "Cookie: a=b\r\nCookie: c=d", 200,
            "HTTP_COOKIE=a=b; c=d\n"),
      field("9110 5.6.2", "a name of all token characters",
            "x!#$%&'*+.^`|~9: b", 200),
      field("9112 5.1", "a space in front of the colon", "X-A : b", 400),
      field("9112 5.1", "a tab in front of the colon", "X-A\t: b", 400),
      field("9112 5.1", "no colon", "X-A b", 400),
      field("9112 5.1", "no name", ": b", 400),
      field("9112 5.1", "a space in a name", "X A: b", 400),
      field("9112 5.1", "a name beyond ASCII", "X\xc3\xa9: b", 400),
      field("9112 5.1", "a name in brackets", "(X): b", 400),
      field("9112 5.1", "a name in quotes", "\"X\": b", 400),
      field("9112 5.1", "a name with a slash", "X/A: b", 400),
      field("9112 5.1", "a name with @", "X@A: b", 400),
      field("9112 5.2", "a folded field", "X-A: b\r\n c", 400),
      field("9112 5.2", "a field folded by a tab", "X-A: b\r\n\tc", 400),
      {"9112 5.2",
       "the first line is folded",
       "GET / HTTP/1.1\r\n Host: h\r\n\r\n",
       {400},
       Then::close},
      field("9112 2.2", "white space alone in a line", " ", 400),
      field("3875 4.1.18", "an underscore in a name", "X_A: b", 200,
            "!HTTP_X_A=b"),
      field("3875 4.1.18", "an underscore for a hyphen",
            "X-Real-IP: a\r\nX_Real_IP: b", 200, "HTTP_X_REAL_IP=a\n"),
      field("9110 7.6.2", "Proxy", "Proxy: x", 200, "!HTTP_PROXY"),
      field("9112 6.1", "Content_Length", "Content_Length: 5", 200),
      field("9110 7.6.1", "what Connection names", "Connection: X-A\r\nX-A: b",
            200, "!HTTP_X_A"),
      field("9110 7.6.1", "in any case and place",
            "X-A: b\r\nConnection: keep-alive, x-a", 200, "!HTTP_X_A"),
      field("9110 7.6.1", "over two lines",
            "Connection: x\r\nConnection: X-A\r\nX-A: b", 200, "!HTTP_X_A"),
      field("9110 7.6.1", "not Host", "Connection: Host", 200, "host=h\n"),
      field("9110 7.8", "Upgrade to h2c",
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
            "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA",
            200, "!HTTP_HTTP2"),
      field("9110 7.8", "Upgrade to websocket",
            "Connection: Upgrade\r\nUpgrade: websocket", 200, "!HTTP_UPGRADE="),
      field("9110 8.3", "a type", "Content-Type: text/plain", 200,
            "CONTENT_TYPE=text/plain\n"),
      field("9110 8.3", "two types",
            "Content-Type: text/plain\r\nContent-Type: text/html", 400),
      hosts("a Host", "Host: a.test\r\n", 200, "host=a.test\n"),
      hosts("a Host with a port", "Host: a.test:8080\r\n", 200,
            "host=a.test:8080\n"),
      hosts("a Host of IPv6", "Host: [::1]:80\r\n", 200, "host=[::1]:80\n"),
      hosts("a Host of IPv4", "Host: 127.0.0.1\r\n", 200),
      hosts("an empty Host", "Host:\r\n", 200),
      hosts("an empty port", "Host: a.test:\r\n", 200),
      hosts("no Host", "", 400),
      hosts("two Hosts", "Host: a\r\nHost: b\r\n", 400),
      hosts("two equal Hosts", "Host: a\r\nHost: a\r\n", 400),
      hosts("two Hosts in one", "Host: a, b\r\n", 400),
      hosts("a Host with a path", "Host: a/b\r\n", 400),
      hosts("a Host with user information", "Host: u@a\r\n", 400),
      hosts("a Host with a space", "Host: a b\r\n", 400),
      hosts("a Host with a port that is none", "Host: a:b\r\n", 400),
      hosts("a Host with a port too long", "Host: a:123456\r\n", 400),
      hosts("a Host with open brackets", "Host: [::1\r\n", 400),
      hosts("a Host of brackets alone", "Host: []\r\n", 400),
      hosts("a Host with a query", "Host: a?b\r\n", 400),
      hosts("a Host with a backslash", "Host: a\\b\r\n", 400),
      {"9112 3.2",
       "no Host in HTTP/1.0",
       "GET / HTTP/1.0\r\n\r\n",
       {200},
       Then::close},
      {"9112 3.2",
       "two Hosts in HTTP/1.0",
       "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
       {400},
       Then::close},
      {"6585 5", "99 fields and a Host", get(many(99)), {200}},
      {"6585 5", "101 fields", get(many(100)), {431}, Then::close},
      {"6585 5", "a thousand fields", get(many(1000)), {431}, Then::close},
      {"6585 5",
       "a thousand that are dropped",
       get([] {
         std::string lines;
         for (int i = 0; i < 1000; ++i) lines += "Proxy:\r\n";
         return lines;
       }()),
       {431},
       Then::close},
      field("6585 5", "a field of 60,000 bytes",
            "X-A: " + std::string(60'000, 'a'), 200),
      field("6585 5", "a field of 70,000 bytes",
            "X-A: " + std::string(70'000, 'a'), 431),
      field("6585 5", "a name of 70,000 bytes",
            std::string(70'000, 'a') + ": b", 431),
      {"6585 5",
       "a head without end",
       "GET / HTTP/1.1\r\nX-A: " + std::string(200'000, 'a'),
       {431},
       Then::close},
      field("9110 10.1.1", "another expectation", "Expect: tea", 417),
      field("9110 10.1.1", "two expectations", "Expect: 100-continue, tea",
            417),
      field("9110 10.1.1", "an expectation without a body",
            "Expect: 100-continue", 200, "!100 Continue"),
      {"9110 10.1.1",
       "an expectation in HTTP/1.0",
       "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
       {200},
       Then::close,
       "!100 Continue"},
      {"9110 10.1.1",
       "another expectation in HTTP/1.0",
       "GET / HTTP/1.0\r\nExpect: tea\r\n\r\n",
       {200},
       Then::close},
  };
  for (unsigned byte = 0; byte <= 0x1F; ++byte) {
    if (byte == '\t' || byte == '\n') continue;
    cases.push_back(
        field("9110 5.5", "the byte " + std::to_string(byte) + " in a value",
              std::string("X-A: b") + static_cast<char>(byte) + 'c', 400));
  }
  cases.push_back(field("9110 5.5", "the byte 127 in a value",
                        "X-A: b\x7f"
                        "c",
                        400));
  for (const char byte : std::string_view("()<>@,;\\\"/[]?={} ")) {
    cases.push_back(field("9110 5.6.2", std::string("a name with ") + byte,
                          std::string("X") + byte + "A: b", 400));
  }
  return cases;
}

}  // namespace decant::test::http
