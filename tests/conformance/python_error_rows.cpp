// SPDX-License-Identifier: MIT
// What Python raises, clients that leave, bodies that come short, and standard
// output (PEP 3333, "Error Handling").
#include "conformance/python_rows.hpp"

namespace decant::conformance {
namespace {

/// Two lines of the log: the traceback's last, and the gateway's.
std::vector<std::string> both(const std::string& error) {
  return {'\n' + error + '\n', ": python: " + error + '\n'};
}

void add_raising_rows(Rows& rows) {
  for (const std::string error :
       {"SystemExit", "KeyboardInterrupt", "GeneratorExit", "MemoryError",
        "StopIteration", "BaseException"}) {
    const Request named = {.target = "/?" + error};
    const std::vector<std::string> log = both(error + ": secret");
    rows.push_back(error_row(error + " in the call gives 500", "raises-in-call",
                             log, named));
    rows.push_back(error_row(error + " in iter() gives 500", "raises-in-iter",
                             log, named));
    // In an iterator's own step it is the end, by the language.
    if (error != "StopIteration") {
      rows.push_back(cut_row(error + " in iteration cuts the response",
                             "raises-in-next", log, named));
    }
    rows.push_back(body_row(error + " in close() is logged", "raises-in-close",
                            "begun begun ", log, named));
  }
  rows.push_back(cut_row("an exception of close() does not hide the one before",
                         "raises-twice", both("LookupError: another secret")));
}

void add_text_rows(Rows& rows) {
  rows.push_back(
      error_row("an exception whose __str__ raises is logged by its "
                "type",
                "raises-unspeakable", {": python: Unspeakable\n"}));
  rows.push_back(
      error_row("an exception whose __str__ gives no str is logged by its "
                "type",
                "raises-strange", {": python: Strange\n"}));
  rows.push_back(error_row(
      "an exception cannot forge a line of the gateway's", "raises-lines",
      {": python: ValueError: one\\x0adecant: GET /: forged\\x0d\\x1b[31m"
       "\xC2\\x9b \\udc80 caf\xC3\xA9\n"}));
  rows.push_back(error_row(
      "the cause of an exception is in the log", "raises-chain",
      {"KeyError: 'the cause'\n", ": python: RuntimeError: secret\n"}));
  rows.push_back(error_row("a group of exceptions is logged whole",
                           "raises-group",
                           {"| ValueError: one\n", "| KeyError: 'two'\n",
                            ": python: ExceptionGroup: several "}));
  rows.push_back(error_row("recursion without end gives 500", "recurses",
                           {": python: RecursionError: "}));
  rows.push_back(error_row("recursion without end through C gives 500",
                           "recurses-in-c", {": python: RecursionError: "}));
  rows.push_back(error_row("a SyntaxError gives 500", "syntax",
                           {": python: SyntaxError: "}));
}

Row leaving_row(std::string name, std::string application,
                std::vector<std::string> log) {
  return {.name = std::move(name),
          .application = std::move(application),
          .request = {.leave_after = "first\n", .log = log},
          .check = [log](Seen& seen) {
            seen.exit_status(0);
            for (const std::string& line : log) seen.log(line);
            seen.quiet();
            seen.log("Traceback", 0);
          }};
}

void add_leaving_rows(Rows& rows) {
  rows.push_back(
      leaving_row("a client that leaves raises GeneratorExit, "
                  "quietly",
                  "left", {"GeneratorExit came\n", "finally came\n"}));
  rows.push_back(
      leaving_row("write() after the client has left raises "
                  "BrokenPipeError",
                  "left-writing", {"BrokenPipeError came: True\n"}));
  rows.push_back(leaving_row("BrokenPipeError of write() may escape, quietly",
                             "left-escaping", {"finally came\n"}));
  rows.push_back(
      leaving_row("BrokenPipeError of write() may be the cause of "
                  "another, quietly",
                  "left-translating", {"translated\n"}));
}

void add_short_rows(Rows& rows) {
  const Request cut = {.method = "POST", .body = "abc", .content_length = "10"};
  for (const std::string form :
       {"read", "read(n)", "readline", "readlines", "iteration"}) {
    Row row = body_row("a body that is cut short raises OSError in " + form,
                       "short-caught", "OSError, OSError", {}, cut);
    row.request.target = "/?" + form;
    row.needs = {Need::body_as_it_comes};
    rows.push_back(row);
  }
  const auto refused = [&](std::string name, std::string application) {
    rows.push_back({.name = std::move(name),
                    .application = std::move(application),
                    .request = cut,
                    .check =
                        [](Seen& seen) {
                          seen.status("400 Bad Request");
                          seen.log("Traceback", 0);
                          seen.log("POST /: ");
                        },
                    .needs = {Need::body_as_it_comes}});
    rows.back().request.log = {"POST /: "};
  };
  refused("a body that is cut short gives 400 when OSError escapes",
          "short-escaping");
  refused("a body that is cut short gives 400 from a generator",
          "short-generator");
  refused(
      "a body that is cut short gives 400 as the cause of another "
      "error",
      "short-translated");
}

}  // namespace

void add_python_error_rows(Rows& rows) {
  add_raising_rows(rows);
  add_text_rows(rows);
  add_leaving_rows(rows);
  add_short_rows(rows);
  rows.push_back(body_row("no way to standard output is one to the response",
                          "prints-everywhere", "the response\n"));
  rows.back().needs = {Need::own_streams};
}

}  // namespace decant::conformance
