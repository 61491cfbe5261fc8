// SPDX-License-Identifier: MIT
// Failures, close(), the log, and streaming (PEP 3333, "Error Handling",
// "Buffering and Streaming").
#include <fcntl.h>
#include <sys/stat.h>

#include <memory>
#include <stdexcept>

#include "conformance/suite.hpp"
#include "decant/descriptor.hpp"

namespace decant::conformance {
namespace {

const Message secret = {"std::runtime_error: secret",
                        "python: RuntimeError: secret"};

Row page_row(std::string name, std::string application, const Message& logged,
             const std::vector<std::string>& closed = {}) {
  Row row{.name = std::move(name),
          .application = std::move(application),
          .request = {.target = "/that/fails?q", .log = closed},
          .logged = {logged}};
  row.check = [logged, closed](Seen& seen) {
    seen.error_page();
    seen.no_header("X-Secret");
    seen.log("GET /that/fails");
    seen.log(logged);
    for (const std::string& line : closed) seen.log(line);
  };
  return row;
}

/// The exit status of a program alone does not cut a response that says no
/// length.
const Needs only_signals_cut = {Need::resident, Need::signals_cut};

Row cut_row(std::string name, std::string application,
            const std::vector<std::string>& closed = {}) {
  Row row{.name = std::move(name),
          .application = std::move(application),
          .request = {.log = closed},
          .logged = {secret}};
  row.check = [closed](Seen& seen) {
    if (!seen.response().status.empty() || !seen.facts().may_lose_the_head) {
      seen.status("200 OK");
      seen.body("begun ");
    }
    seen.cut();
    seen.exit_status(1);
    seen.log(secret);
    for (const std::string& line : closed) seen.log(line);
  };
  return row;
}

Row closed_row(std::string name, std::string application, std::string body,
               std::string closed) {
  return {.name = std::move(name),
          .application = std::move(application),
          .request = {.log = {closed}},
          .check = [body = std::move(body), closed](Seen& seen) {
            seen.body(body);
            seen.complete();
            seen.log(closed);
          }};
}

/// The FIFO that an application waits at until its client has the first chunk.
void add_gate(Request& request, const test::TemporaryDirectory& directory) {
  const std::string path = directory / "gate";
  // Held open from here on, so that neither side waits for the other to open.
  if (::mkfifo(path.c_str(), 0600) != 0) {
    throw std::runtime_error("test: no FIFO");
  }
  const auto gate =
      std::make_shared<Descriptor>(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  request.target = "/?" + path;
  request.on_received = [gate](std::string_view received) {
    if (received.find("first\n") == std::string_view::npos) return;
    if (received.find("second\n") == std::string_view::npos) {
      write_all(gate->get(), "!");
    }
  };
}

Row streaming_row(std::string name, std::string application) {
  return {.name = std::move(name),
          .application = std::move(application),
          .check =
              [](Seen& seen) {
                seen.status("200 OK");
                seen.body("first\nsecond\n");
                seen.complete();
              },
          .prepare = add_gate};
}

}  // namespace

void add_failure_rows(Rows& rows) {
  rows.push_back(page_row("an exception before start_response gives 500",
                          "fails-first", secret));
  rows.push_back(page_row("an exception after start_response gives 500",
                          "fails-started", secret));
  rows.push_back(page_row("an exception of the body's first step gives 500",
                          "fails-in-body", secret, {"closed in-body"}));
  rows.push_back(page_row(
      "an exception that is no std::exception gives 500", "throws-a-number",
      {"an exception of type int", "python: SystemExit: 42"}));
  rows.push_back(page_row(
      "a generator's bad status gives 500, and it is closed", "bad-generator",
      {"start_response: the status",
       "python: AssertionError: start_response: the status"},
      {"closed bad-generator"}));
  rows.back().needs = {Need::unchecked};
  rows.push_back(cut_row("an exception midway cuts the response",
                         "fails-midway", {"closed midway"}));
  rows.back().needs = only_signals_cut;
  rows.push_back(cut_row("an exception within Content-Length cuts the response",
                         "fails-within-length", {"closed within-length"}));
  rows.push_back(cut_row("an exception after write cuts the response",
                         "fails-after-write"));
  rows.back().needs = only_signals_cut;
  rows.push_back(
      cut_row("an exception of a generator cuts the response, and "
              "destroys its locals",
              "fails-as-generator", {"closed generator"}));
  rows.back().needs = only_signals_cut;
  rows.push_back(closed_row("close() is called once at a normal end", "source",
                            "from a source\n", "closed source"));
  rows.push_back(closed_row("close() is called once for a pointer",
                            "source-pointer", "from a pointer\n",
                            "closed pointer"));
  rows.push_back(
      closed_row("the locals of a generator are destroyed at a "
                 "normal end",
                 "good-generator", "generated\n", "closed good-generator"));
  rows.push_back({.name = "an exception of close() is logged, and the response "
                          "unaffected",
                  .application = "fails-in-close",
                  .request = {.log = {"closed failing"}},
                  .check =
                      [](Seen& seen) {
                        seen.status("200 OK");
                        seen.body("all sent\n");
                        seen.complete();
                        seen.exit_status(0);
                        seen.log("closed failing");
                        seen.log(secret);
                      },
                  .logged = {secret}});
  rows.push_back(
      {.name = "a client that leaves closes the body, quietly",
       .application = "endless",
       .request = {.leave_after = "first\n", .log = {"closed endless"}},
       .check =
           [](Seen& seen) {
             seen.exit_status(0);
             seen.log("closed endless");
             seen.quiet();
           },
       .needs = {Need::resident}});
}

void add_log_rows(Rows& rows) {
  rows.push_back({.name = "lines of wsgi.errors arrive whole in the log",
                  .application = "complains",
                  .request = {.log = {"unfinished\n"}},
                  .check =
                      [](Seen& seen) {
                        seen.body("complained\n");
                        seen.log("one line\ntwo parts\n");
                        seen.log("unfinished\n");
                      },
                  .needs = {Need::bare_log}});
  rows.push_back({.name = "control bytes are escaped in the log",
                  .application = "complains",
                  .request = {.log = {"unfinished\n"}},
                  .check = [](Seen& seen) {
                    seen.log("\\x1b[31mred\\x1b[0m\\x0d and \\x07\n");
                    seen.log("\x1B", 0);
                  }});
  rows.push_back({.name = "what an application prints is not in the response",
                  .application = "prints",
                  .check =
                      [](Seen& seen) {
                        seen.status("200 OK");
                        seen.body("the response\n");
                      },
                  .needs = {Need::own_streams}});
  rows.push_back(
      {.name = "standard input does not give the request body",
       .application = "reads-standard-input",
       .request = {.method = "POST", .body = "the body"},
       .check = [](Seen& seen) { seen.body("nothing there, the body"); },
       .needs = {Need::own_streams}});
}

void add_streaming_rows(Rows& rows) {
  rows.push_back(streaming_row(
      "each chunk is transmitted before the next is asked for", "streams"));
  rows.push_back(streaming_row("what is written is transmitted at once",
                               "streams-by-write"));
  rows.push_back({.name = "after all this a request is served as ever",
                  .application = "string",
                  .check = [](Seen& seen) {
                    seen.status("200 OK");
                    seen.body("a string\n");
                  }});
}

}  // namespace decant::conformance
