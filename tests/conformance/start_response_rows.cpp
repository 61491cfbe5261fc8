// SPDX-License-Identifier: MIT
// start_response and write (PEP 3333, "The start_response() Callable").
#include <array>

#include "conformance/suite.hpp"

namespace decant::conformance {
namespace {

/// The application breaks the contract on purpose.
const Needs broken_on_purpose = {Need::unchecked};

void add_bad_heads(Rows& rows) {
  struct BadHead {
    const char* query;
    const char* what;
  };
  constexpr std::array<BadHead, 20> heads = {{
      {"status-without-space", "a status without a space"},
      {"status-of-two-digits", "a status of two digits"},
      {"status-of-four-digits", "a status of four digits"},
      {"status-of-letters", "a status of letters"},
      {"status-with-newline", "a status with a newline"},
      {"empty-status", "an empty status"},
      {"interim-status", "an interim status"},
      {"empty-name", "an empty header name"},
      {"name-with-colon", "a header name with a colon"},
      {"name-with-space", "a header name with a space"},
      {"name-with-newline", "a header name with a newline"},
      {"value-with-newline", "a header value with a newline"},
      {"value-with-zero", "a header value with a NUL"},
      {"connection", "Connection, a hop-by-hop header,"},
      {"transfer-encoding", "Transfer-Encoding, a hop-by-hop header,"},
      {"upgrade", "Upgrade, a hop-by-hop header,"},
      {"status-header", "a Status header"},
      {"two-lengths", "a repeated Content-Length"},
      {"length-of-letters", "a Content-Length of letters"},
      {"negative-length", "a negative Content-Length"},
  }};
  for (const auto& [query, what] : heads) {
    rows.push_back({.name = std::string(what) + " is refused at once",
                    .application = "bad-head",
                    .request = {.target = std::string("/?") + query},
                    .check =
                        [](Seen& seen) {
                          seen.status("409 Conflict");
                          seen.body("refused\n");
                          seen.no_header("X-Injected");
                          seen.exit_status(0);
                        },
                    .needs = broken_on_purpose});
  }
  rows.push_back({.name = "a bad head that nobody reacts to gives 500",
                  .application = "bad-head-ignored",
                  .request = {.log = {"start_response"}},
                  .check =
                      [](Seen& seen) {
                        seen.status("500 Internal Server Error");
                        seen.no_header("X-Injected");
                        seen.body_lacks("X-");
                        seen.exit_status(1);
                      },
                  .needs = broken_on_purpose});
}

void add_call_rows(Rows& rows) {
  rows.push_back({.name = "a second start_response is refused, and the first "
                          "stands",
                  .application = "twice",
                  .check = [](Seen& seen) {
                    seen.status("201 Created");
                    seen.header("X-Call", "first");
                    seen.body("the second call was refused\n");
                  }});
  rows.push_back({.name = "with an error it replaces status and headers",
                  .application = "replaces",
                  .check = [](Seen& seen) {
                    seen.status("503 Service Unavailable");
                    seen.header("X-Other", "second");
                    seen.no_header("X-Call");
                    seen.body("replaced\n");
                    seen.complete();
                  }});
  rows.push_back({.name = "with an error after the head it rethrows the error",
                  .application = "replaces-late",
                  .check = [](Seen& seen) {
                    seen.status("200 OK");
                    seen.body("head sent, the error came back\n");
                    seen.complete();
                  }});
  rows.push_back({.name = "empty chunks and empty writes do not send the head",
                  .application = "empty-chunks",
                  .check = [](Seen& seen) {
                    seen.status("202 Accepted");
                    seen.body("after nothing\n");
                  }});
  rows.push_back({.name = "a generator calls it at its first step",
                  .application = "late",
                  .check = [](Seen& seen) {
                    seen.status("200 OK");
                    seen.body("late, but in time\n");
                  }});
  rows.push_back({.name = "an application that never calls it gives 500",
                  .application = "never",
                  .request = {.log = {"start_response"}},
                  .check = [](Seen& seen) {
                    seen.status("500 Internal Server Error");
                    seen.exit_status(1);
                  }});
  rows.push_back({.name = "a body before it gives 500",
                  .application = "never-with-body",
                  .request = {.log = {"before start_response()"}},
                  .check =
                      [](Seen& seen) {
                        seen.status("500 Internal Server Error");
                        seen.body_lacks("no head");
                        seen.log("before start_response()");
                      },
                  .needs = broken_on_purpose});
  rows.push_back(
      {.name = "calls after the request has ended are refused",
       .application = "keeps",
       .request = {.times = 2},
       .check = [](Seen& seen) { seen.body("refused and not written\n"); },
       .needs = {Need::many_requests, Need::resident}});
}

void add_header_rows(Rows& rows) {
  rows.push_back({.name = "a status may lack a reason",
                  .application = "status-without-reason",
                  .check = [](Seen& seen) {
                    seen.expect(seen.response().status.starts_with("299"),
                                "the status is " + seen.response().status);
                    seen.body("no reason\n");
                  }});
  rows.push_back({.name = "headers keep their order and their repeats",
                  .application = "repeats",
                  .check = [](Seen& seen) {
                    seen.headers("X-Order", {"1", "2", "3"});
                    seen.headers("Set-Cookie", {"a=1; Path=/", "b=2"});
                    seen.headers("Content-Type", {"text/x-other"});
                  }});
  rows.push_back(
      {.name = "bytes above 0x7F in a header are unaltered",
       .application = "latin-header",
       .check = [](Seen& seen) { seen.header("X-Latin", "caf\xE9 \xFF\t."); },
       .needs = {Need::unchecked}});
}

}  // namespace

void add_start_response_rows(Rows& rows) {
  add_bad_heads(rows);
  add_call_rows(rows);
  add_header_rows(rows);
}

void add_write_rows(Rows& rows) {
  rows.push_back({.name = "what is written comes before the body",
                  .application = "writes-first",
                  .check = [](Seen& seen) {
                    seen.body("one two three four\n");
                    seen.no_header("Content-Length");
                    seen.complete();
                  }});
  rows.push_back({.name = "write alone makes a response",
                  .application = "writes-only",
                  .check = [](Seen& seen) {
                    seen.body("written\n");
                    seen.complete();
                  }});
  rows.push_back({.name = "after write no Content-Length is inferred",
                  .application = "writes-and-returns-one",
                  .check = [](Seen& seen) {
                    seen.body("written and returned\n");
                    seen.no_header("Content-Length");
                  }});
  rows.push_back({.name = "write past Content-Length throws",
                  .application = "writes-past-length",
                  .request = {.log = {"the sixth byte was refused"}},
                  .check = [](Seen& seen) {
                    seen.body("12345");
                    seen.header("Content-Length", "5");
                    seen.complete();
                    seen.log("the sixth byte was refused");
                  }});
}

}  // namespace decant::conformance
