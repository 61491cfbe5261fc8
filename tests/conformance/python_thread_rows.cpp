// SPDX-License-Identifier: MIT
// Requests in the hands of several threads, after their end, and of forked
// processes.
#include "conformance/python_rows.hpp"

namespace decant::conformance {
namespace {

Request post(std::string body) {
  return {.method = "POST", .body = std::move(body)};
}

void add_thread_rows(Rows& rows) {
  rows.push_back(body_row("another thread may read the input",
                          "reads-in-thread", "one\n| two\nthree", {},
                          post("one\ntwo\nthree")));
  rows.push_back({.name = "another thread may start, write and log",
                  .application = "answers-in-thread",
                  .request = {.log = {"logged by a thread\n"}},
                  .check = [](Seen& seen) {
                    seen.status("201 Created");
                    seen.body("written, returned\n");
                    seen.complete();
                    seen.log("logged by a thread\n");
                  }});
  rows.push_back(body_row("one thread may log while another writes",
                          "logs-while-writing",
                          std::string(2'000'000, '.') + "written\n"));
  rows.back().needs = {Need::own_streams};
  rows.push_back({.name = "a thread that reads while the gateway serves is "
                          "refused",
                  .application = "reads-too-late",
                  .request = post(std::string(100, 'x')),
                  .check = [](Seen& seen) {
                    seen.body_has("RuntimeError");
                    seen.complete();
                  }});
}

void add_kept_rows(Rows& rows) {
  Request twice = post("the body");
  twice.times = 3;
  Row kept = of_a_service(checked_row(
      "what was kept of a request is refused, and the next undisturbed",
      "uses-what-was-kept", twice));
  rows.push_back(kept);
  Row written = of_a_service(checked_row("a write() that was kept is refused",
                                         "writes-what-was-kept", twice));
  rows.push_back(written);
  Row late =
      of_a_service(body_row("a thread that outlives its request is refused",
                            "used-by-thread-later", "refused", {}, twice));
  rows.push_back(late);
}

void add_fork_rows(Rows& rows) {
  rows.push_back(body_row("a forked child ends with its call", "forks",
                          "the parent's, 0\n"));
  rows.push_back(body_row("a forked child ends with its step of the body",
                          "forks-in-body", "begun, the parent's, 0\n"));
}

}  // namespace

void add_python_thread_rows(Rows& rows) {
  add_thread_rows(rows);
  add_kept_rows(rows);
  add_fork_rows(rows);
  Row last = body_row("after all this Python serves a request as ever",
                      "string", "a string\n");
  last.request.times = 10;
  rows.push_back(last);
}

}  // namespace decant::conformance
