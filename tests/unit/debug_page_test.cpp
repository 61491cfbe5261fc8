// SPDX-License-Identifier: MIT
#include "decant/debug_page.hpp"

#include <stdexcept>
#include <vector>

#include "decant/error.hpp"
#include "decant/server/runner/answer.hpp"
#include "decant/service/request/terminal_log.hpp"
#include "decant/trace.hpp"
#include "support/catch.hpp"

using namespace decant;
using Catch::Matchers::Contains;

namespace {

/// What a request gets from `application` with pages, and the one that is asked
/// for by a browser of this machine.
runner::Answer ask(const Application& application,
                   std::vector<std::string> headers = {"Host: localhost",
                                                       "Accept: text/html"}) {
  runner::Request request;
  request.target = "/a<b";
  request.headers = std::move(headers);
  return runner::answer(debug_pages()(application), request);
}

Body fails_at_once(Environ&, const StartResponse&) {
  throw TracedError("short", {{"what & <why>",
                               {{"app.py", "first", 1, 1, {"first()"}},
                                {"app.py", "second", 8, 7, {"if x<y:", "!"}}}},
                              {"cause", {}}});
}

Chunks fails_late(Environ&, StartResponse start_response) {
  start_response("200 OK", {{"Content-Type", "text/plain"}});
  co_yield "begun";
  throw std::runtime_error("too late");
}

Chunks fails_first(Environ&, StartResponse start_response) {
  start_response("200 OK",
                 {{"Content-Type", "text/plain"}, {"Content-Length", "5"}});
  throw std::runtime_error("of the first chunk");
  co_yield "never";
}

}  // namespace

TEST_CASE("a page shows what failed, where, and what it came from") {
  const runner::Answer answer = ask(fails_at_once);
  CHECK(answer.status == "500 Internal Server Error");
  CHECK(*find_header(answer.headers, "Content-Type") ==
        "text/html; charset=utf-8");
  CHECK(*find_header(answer.headers, "Cache-Control") == "no-store");
  CHECK_THAT(answer.body, Contains("<title>what &amp; &lt;why&gt;</title>") &&
                              Contains("<p>GET /a&lt;b</p>") &&
                              Contains("app.py, line 8, in second") &&
                              Contains("<span>7  if x&lt;y:</span>") &&
                              Contains("<span class=\"here\">8  !</span>") &&
                              Contains("It came from: cause"));
  CHECK(answer.errors.empty());  // whoever made the trace has written it
}

TEST_CASE("a page takes the place of a response that has not begun") {
  const runner::Answer answer = ask(fails_first, {});
  CHECK(answer.status == "500 Internal Server Error");
  CHECK(*find_header(answer.headers, "Content-Type") ==
        "text/plain; charset=utf-8");
  CHECK(answer.body == "GET /a<b\n\nof the first chunk\n\n");
  CHECK_THAT(answer.errors, Contains("of the first chunk\n"));
}

TEST_CASE("numbers of lines do not indent them") {
  const Application application = [](Environ&, const StartResponse&) -> Body {
    throw TracedError(
        "short", {{"what", {{"app.py", "f", 10, 9, {"if x:", "  y", "z"}}}}});
  };
  CHECK_THAT(ask(application).body,
             Contains("<span> 9  if x:</span>"
                      "<span class=\"here\">10    y</span>"
                      "<span>11  z</span>"));
  CHECK_THAT(ask(application, {}).body,
             Contains("     9  if x:\n  > 10    y\n    11  z\n"));
}

TEST_CASE("a response that has begun gets no page") {
  const runner::Answer answer = ask(fails_late);
  CHECK(answer.status == "200 OK");
  CHECK(answer.body == "begun");
  CHECK(answer.outcome == Outcome::cut_short);
}

TEST_CASE("what is no failure of the application's stays what it is") {
  const auto answer = ask([](Environ&, const StartResponse&) -> Body {
    throw GatewayError("too much", 413);
  });
  CHECK(answer.status.starts_with("413 "));
  const auto good = ask([](Environ&, const StartResponse& start_response) {
    start_response("200 OK", {});
    return Body("fine");
  });
  CHECK(good.body == "fine");
  CHECK(*find_header(good.headers, "Content-Length") == "4");
}

TEST_CASE("pages are for names of this machine") {
  for (const char* const host : {"localhost", "localhost:80", "127.0.0.1:8000",
                                 "[::1]", "[::1]:8000", "app.localhost:1"}) {
    CHECK_THAT(ask(fails_at_once, {std::string("Host: ") + host}).body,
               Contains("in second"));
  }
  for (const char* const host : {"example.org", "127.0.0.1.example.org",
                                 "localhost.example.org", "notlocalhost"}) {
    CHECK(ask(fails_at_once, {std::string("Host: ") + host}).body ==
          "500 Internal Server Error\n");
  }
}

TEST_CASE("an application that failed to load answers with its page") {
  Application application;
  try {
    throw TracedLoadError("no module", {{"SyntaxError", {}}});
  } catch (const LoadError& error) {
    application = failed_application(error);
  }
  for (int i = 0; i < 2; ++i) {
    runner::Request request;
    request.target = "/";
    const auto answer = runner::answer(application, request);
    CHECK(answer.status == "500 Internal Server Error");
    CHECK_THAT(answer.body, Contains("SyntaxError"));
  }
}

TEST_CASE("a request on the terminal is one line") {
  const auto line = [](int status, bool has_colour) {
    std::string out;
    service::append_terminal_line(out, "GET", "/a\x1b?b", status,
                                  std::chrono::microseconds(1250), has_colour);
    return out;
  };
  CHECK(line(200, false) == "GET /a\\x1b?b 200 1.2 ms\n");
  CHECK(line(0, true) == "GET /a\\x1b?b - 1.2 ms\n");
  CHECK_THAT(line(204, true), Contains("\x1b[32m204\x1b[0m"));
  CHECK_THAT(line(301, true), Contains("\x1b[36m301\x1b[0m"));
  CHECK_THAT(line(404, true), Contains("\x1b[33m404\x1b[0m"));
  CHECK_THAT(line(500, true), Contains("\x1b[31m500\x1b[0m"));
}
