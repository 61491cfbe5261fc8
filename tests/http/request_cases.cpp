// SPDX-License-Identifier: MIT
#include "http/cases.hpp"

namespace decant::test::http {
namespace {

HttpCase line(const std::string& name, const std::string& text, int status,
              const std::string& section = "9112 3") {
  const Then then = status < 300 ? Then::open : Then::close;
  return {section, name, text + "\r\nHost: h\r\n\r\n", {status}, then};
}

HttpCase path(const std::string& name, const std::string& text, int status,
              const std::string& holds = {},
              const std::string& section = "9112 3.2.1") {
  const Then then = status < 300 ? Then::open : Then::close;
  return {section, name, target(text), {status}, then, holds};
}

std::string shown(unsigned byte) {
  constexpr const char* digits = "0123456789ABCDEF";
  return std::string("0x") + digits[byte >> 4U] + digits[byte & 15U];
}

}  // namespace

std::string get(const std::string& lines) {
  return "GET / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n";
}

std::string post(const std::string& lines, const std::string& body) {
  return "POST / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n" + body;
}

std::string target(const std::string& text) {
  return "GET " + text + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

std::string chunked(const std::string& body) {
  return post("Transfer-Encoding: chunked\r\n", body);
}

HttpCases request_line_cases() {
  HttpCases cases = {
      line("a request", "GET / HTTP/1.1", 200),
      {"9112 2.2", "one empty line in front", "\r\n" + get(), {200}},
      {"9112 2.2", "two empty lines in front", "\r\n\r\n" + get(), {200}},
      {"9112 2.2",
       "three empty lines in front",
       "\r\n\r\n\r\n" + get(),
       {400},
       Then::close},
      {"9112 2.2", "LF alone in front", "\n" + get(), {400}, Then::close},
      {"9112 2.2",
       "LF ends the request line",
       "GET / HTTP/1.1\nHost: h\r\n\r\n",
       {400},
       Then::close},
      {"9112 2.2",
       "LF ends a field",
       "GET / HTTP/1.1\r\nHost: h\nA: b\r\n\r\n",
       {400},
       Then::close},
      {"9112 2.2",
       "LF ends the head",
       "GET / HTTP/1.1\r\nHost: h\r\n\n",
       {400},
       Then::close},
      {"9112 2.2",
       "LF alone throughout",
       "GET / HTTP/1.1\nHost: h\n\n",
       {400},
       Then::close},
      {"9112 2.2",
       "CR alone ends the request line",
       "GET / HTTP/1.1\rHost: h\r\n\r\n",
       {400},
       Then::close},
      {"9112 2.2",
       "CR alone ends a field",
       "GET / HTTP/1.1\r\nHost: h\rA: b\r\n\r\n",
       {400},
       Then::close},
      {"9112 2.2",
       "CR CR LF ends a field",
       "GET / HTTP/1.1\r\nHost: h\r\r\n\r\n",
       {400},
       Then::close},
      line("two spaces behind the method", "GET  / HTTP/1.1", 400),
      line("two spaces in front of the version", "GET /  HTTP/1.1", 400),
      line("a tab behind the method", "GET\t/ HTTP/1.1", 400),
      line("a tab in front of the version", "GET /\tHTTP/1.1", 400),
      line("a space in front", " GET / HTTP/1.1", 400),
      line("a space behind", "GET / HTTP/1.1 ", 400),
      line("no version", "GET /", 400),
      line("no target", "GET HTTP/1.1", 400),
      line("the method alone", "GET", 400),
      line("four parts", "GET / x HTTP/1.1", 400),
      line("a space in the target", "GET /a b HTTP/1.1", 400),
      line("HTTP/0.9", "GET / HTTP/0.9", 505, "9110 2.5"),
      line("HTTP/2.0", "GET / HTTP/2.0", 505, "9110 2.5"),
      line("HTTP/3.0", "GET / HTTP/3.0", 505, "9110 2.5"),
      line("HTTP/1.2 is 1.1", "GET / HTTP/1.2", 200, "9110 2.5"),
      line("HTTP/1.9 is 1.1", "GET / HTTP/1.9", 200, "9110 2.5"),
      line("http in small letters", "GET / http/1.1", 400, "9112 2.3"),
      line("HTTP/1.10", "GET / HTTP/1.10", 400, "9112 2.3"),
      line("HTTP/01.1", "GET / HTTP/01.1", 400, "9112 2.3"),
      line("HTTP/1.", "GET / HTTP/1.", 400, "9112 2.3"),
      line("HTTP/1", "GET / HTTP/1", 400, "9112 2.3"),
      line("HTTP/.1", "GET / HTTP/.1", 400, "9112 2.3"),
      line("HTTP/1,1", "GET / HTTP/1,1", 400, "9112 2.3"),
      line("HTTP /1.1", "GET / HTTP /1.1", 400, "9112 2.3"),
      line("HTTPS/1.1", "GET / HTTPS/1.1", 400, "9112 2.3"),
      line("ICAP/1.0", "GET / ICAP/1.0", 400, "9112 2.3"),
      {"9113 3.4",
       "the preface of HTTP/2",
       "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
       {505},
       Then::close},
      {"8446 5.1",
       "a TLS ClientHello",
       std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),
       {400},
       Then::close},
      line("a method that nobody knows", "BREW / HTTP/1.1", 200, "9110 9.1"),
      line("a method in small letters", "get / HTTP/1.1", 200, "9110 9.1"),
      line("a method of other token characters",
           "M-SEARCH!#$%&'*+.^_`|~ / "
           "HTTP/1.1",
           200, "9110 9.1"),
      line("a method of 32 bytes", std::string(32, 'M') + " / HTTP/1.1", 200,
           "9112 3"),
      line("a method of 33 bytes", std::string(33, 'M') + " / HTTP/1.1", 501,
           "9112 3"),
      line("a method that is no token", "GE(T / HTTP/1.1", 400, "9110 9.1"),
      line("a method with a colon", "GET: / HTTP/1.1", 400, "9110 9.1"),
      line("a method beyond ASCII", "G\xc3\x89T / HTTP/1.1", 400, "9110 9.1"),
      {"9112 2.2",
       "a field in front of the request line",
       "Host: h\r\nGET / HTTP/1.1\r\n\r\n",
       {400},
       Then::close},
      {"9112 2.2", "nothing", "", {}, Then::close},
      {"9112 8", "an unfinished request line", "GET / HT", {}, Then::close},
      {"9112 8", "an unfinished head", "GET / HTTP/1.1\r\nHo", {}, Then::close},
      {"9112 8",
       "a head without its empty line",
       "GET / HTTP/1.1\r\nHost: h\r\n",
       {},
       Then::close},
  };
  for (const char* const method :
       {"HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"}) {
    cases.push_back(line(std::string("the method ") + method,
                         std::string(method) + " / HTTP/1.1", 200, "9110 9"));
  }
  return cases;
}

HttpCases target_cases() {
  HttpCases cases = {
      path("a path", "/a/b", 200, "path=/a/b\n"),
      path("a query", "/a?b=c&d", 200, "query=b=c&d\n", "9112 3.2.1"),
      path("an empty query", "/a?", 200, "query=\n"),
      path("a question mark in the query", "/a?b?c", 200, "query=b?c\n"),
      path("it arrives as it came", "/a%20b?c%20d", 200, "uri=/a%20b?c%20d\n",
           "3875 4.1.7"),
      path("percent-encoding is decoded", "/a%20b", 200, "path=/a b\n",
           "3986 2.1"),
      path("once", "/a%2520b", 200, "path=/a%20b\n", "3986 2.4"),
      path("in small letters too", "/%c3%a9", 200, "path=/\xc3\xa9\n",
           "3986 2.1"),
      path("an encoded slash", "/a%2Fb", 200, "path=/a/b\n", "3875 4.1.5"),
      path("encoded dots", "/a/%2e%2e/b", 200, "path=/a/../b\n", "3986 6"),
      path("dots stay", "/a/../b/./c", 200, "path=/a/../b/./c\n", "3986 6"),
      path("slashes stay", "//a//b", 200, "path=//a//b\n", "3986 3.3"),
      path("parameters stay", "/a;x=1/b", 200, "path=/a;x=1/b\n", "3986 3.3"),
      path("a plus is no space", "/a+b", 200, "path=/a+b\n", "3986 2.2"),
      path("an encoded question mark", "/a%3Fb", 200, "path=/a?b\n",
           "3986 2.1"),
      path("the query is the application's", "/a?%zz%", 200, "query=%zz%\n",
           "3986 3.4"),
      path("a percent sign alone", "/a%", 400, {}, "3986 2.1"),
      path("half an encoding", "/a%2", 400, {}, "3986 2.1"),
      path("an encoding of no digits", "/%zz", 400, {}, "3986 2.1"),
      path("an encoding of half digits", "/%2g", 400, {}, "3986 2.1"),
      path("an encoding in front of the query", "/a%2?b", 400, {}, "3986 2.1"),
      path("an encoded NUL", "/a%00b", 400, {}, "3986 2.1"),
      path("what browsers send", "/a|b[c]{d}^e`f", 200, "path=/a|b[c]{d}^e`f\n",
           "3986 2"),
      path("bytes beyond ASCII", "/\xc3\xa9", 200, "path=/\xc3\xa9\n",
           "3986 2"),
      path("a fragment", "/a#b", 400, {}, "9112 3.2"),
      path("no slash in front", "a/b", 400, {}, "9112 3.2.1"),
      path("a query alone", "?a", 400, {}, "9112 3.2.1"),
      path("8192 bytes", '/' + std::string(8191, 'a'), 200, {}, "9112 3"),
      path("8193 bytes", '/' + std::string(8192, 'a'), 414, {}, "9112 3"),
      path("100,000 bytes", '/' + std::string(100'000, 'a'), 414, {}, "9112 3"),
      path("absolute form", "http://x.test/a?b", 200, "path=/a\nquery=b\n",
           "9112 3.2.2"),
      path("its host outranks Host", "http://x.test/a", 200, "host=x.test\n",
           "9112 3.2.2"),
      path("with a port", "http://x.test:81/a", 200, "host=x.test:81\n",
           "9112 3.2.2"),
      path("without a path", "http://x.test", 200, "path=/\n", "9112 3.2.2"),
      path("a query behind the host", "http://x.test?b", 200, "query=b\n",
           "9112 3.2.2"),
      path("https in absolute form", "https://x.test/a", 200, "scheme=http\n",
           "9112 3.2.2"),
      path("its scheme in other letters", "HTTP://x.test/a", 200, "path=/a\n",
           "3986 3.1"),
      path("user information", "http://u@x.test/a", 400, {}, "9110 4.2.4"),
      path("an absolute form without host", "http:///a", 400, {}, "9110 4.2.1"),
      path("another scheme", "ftp://x.test/a", 400, {}, "9112 3.2.2"),
      path("IPv6 in absolute form", "http://[::1]:80/a", 200, "host=[::1]:80\n",
           "9112 3.2.2"),
      path("broken IPv6 in absolute form", "http://[::1/a", 400, {},
           "9112 3.2.2"),
      path("a port that is none", "http://x.test:a/", 400, {}, "9112 3.2.2"),
      path("asterisk form with GET", "*", 400, {}, "9112 3.2.4"),
      {"9112 3.2.4",
       "asterisk form with OPTIONS",
       "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
       {204}},
      {"9112 3.2.4",
       "asterisk form, and a request behind it",
       "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n" + get(),
       {204, 200}},
      {"9112 3.2.4",
       "asterisk form and a close",
       "OPTIONS * HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
       {204},
       Then::close},
      {"9112 3.2.4",
       "asterisk form with a body",
       "OPTIONS * HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx",
       {204},
       Then::close},
      {"9112 3.2.3",
       "CONNECT",
       "CONNECT x.test:443 HTTP/1.1\r\nHost: x.test\r\n\r\n",
       {501},
       Then::close},
      path("authority form with GET", "x.test:80", 400, {}, "9112 3.2.3"),
  };
  for (unsigned byte = 1; byte <= 0x20; ++byte) {
    if (byte == '\n') continue;
    cases.push_back(path("a target with " + shown(byte),
                         std::string("/a") + static_cast<char>(byte) + 'b', 400,
                         {}, "9112 3.2"));
  }
  cases.push_back(path("a target with 0x7F",
                       "/a\x7f"
                       "b",
                       400, {}, "9112 3.2"));
  cases.push_back(
      path("a target with NUL", std::string("/a\0b", 4), 400, {}, "9112 3.2"));
  return cases;
}

}  // namespace decant::test::http
