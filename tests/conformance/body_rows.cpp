// SPDX-License-Identifier: MIT
// What an application returns, how long it is, and what a client gets of it.
#include "conformance/suite.hpp"

namespace decant::conformance {
namespace {

/// A response that comes whole, with a Content-Length where one is inferred.
Row body_row(std::string name, std::string application, std::string body,
             std::string length = {}) {
  return {.name = std::move(name),
          .application = std::move(application),
          .check = [body = std::move(body),
                    length = std::move(length)](Seen& seen) {
            seen.status("200 OK");
            seen.body(body);
            seen.complete();
            seen.exit_status(0);
            if (length.empty()) {
              seen.no_header("Content-Length");
            } else {
              seen.inferred_length(length);
            }
          }};
}

/// The same with the Content-Length that the application declared.
Row declared_row(std::string name, std::string application, std::string body,
                 std::string length) {
  return {.name = std::move(name),
          .application = std::move(application),
          .check = [body = std::move(body),
                    length = std::move(length)](Seen& seen) {
            seen.status("200 OK");
            seen.body(body);
            seen.complete();
            seen.exit_status(0);
            seen.headers("Content-Length", {length});
          }};
}

Row head_row(std::string name, std::string application,
             std::function<void(Seen&)> check,
             std::vector<std::string> log = {}) {
  return {.name = std::move(name),
          .application = std::move(application),
          .request = {.method = "HEAD", .log = std::move(log)},
          .check = [check = std::move(check)](Seen& seen) {
            seen.status("200 OK");
            seen.body("");
            seen.complete();
            seen.exit_status(0);
            check(seen);
          }};
}

std::string numbers() {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += std::to_string(i) + ' ';
  return text;
}

std::string large() {
  return std::string(70'000, 'a') + std::string(70'000, 'b') +
         std::string(70'000, 'c') + std::string(70'000, 'd');
}

std::string all_bytes() {
  std::string bytes;
  for (int value = 0; value < 256; ++value) bytes += static_cast<char>(value);
  return bytes;
}

void add_empty_rows(Rows& rows) {
  rows.push_back(body_row("a default-constructed body is empty, of length 0",
                          "nothing", "", "0"));
  rows.push_back(body_row("an empty string is an empty body, of length 0",
                          "empty-string", "", "0"));
  rows.push_back(body_row("an empty vector is an empty body, of length 0",
                          "empty-vector", "", "0"));
  rows.push_back(
      body_row("a generator without chunks is an empty body, of "
               "length 0",
               "no-chunks", "", "0"));
}

void add_file_rows(Rows& rows) {
  rows.push_back(body_row("file_wrapper sends a file, whose length is known",
                          "file", std::string(20'000, 'f'), "20000"));
  rows.push_back(body_row("file_wrapper begins at the position of the file",
                          "file-from-position", "read\n", "5"));
  rows.push_back(declared_row("file_wrapper ends at Content-Length",
                              "file-within-length", "read", "4"));
  rows.push_back(body_row("file_wrapper sends a pipe, whose length is unknown",
                          "pipe", "through a pipe\n"));
}

/// lint() around C++ applications.
void add_lint_rows(Rows& all) {
  Rows rows;
  rows.push_back(
      body_row("lint passes a string", "linted-string", "a string\n", "9"));
  rows.push_back(
      body_row("lint passes a list", "linted-list", "one two three\n"));
  rows.push_back(
      body_row("lint passes a generator", "linted-many-chunks", numbers()));
  rows.push_back(
      body_row("lint passes an empty body", "linted-nothing", "", "0"));
  rows.push_back(body_row("lint passes a file", "linted-file",
                          std::string(20'000, 'f'), "20000"));
  rows.push_back(
      head_row("lint passes a response to HEAD that has a length alone",
               "linted-length-only",
               [](Seen& seen) { seen.header("Content-Length", "1234"); }));
  rows.push_back({.name = "lint passes 204",
                  .application = "linted-clean-no-content",
                  .check = [](Seen& seen) {
                    seen.status("204 No Content");
                    seen.header("X-Kept", "yes");
                  }});
  rows.push_back({.name = "lint names the rule that was broken",
                  .application = "linted-no-type",
                  .request = {.log = {"[content-type]"}},
                  .check = [](Seen& seen) {
                    seen.status("500 Internal Server Error");
                    seen.log("[content-type]");
                  }});
  for (Row& row : rows) {
    row.needs = {Need::core_streams};
    all.push_back(std::move(row));
  }
}

void add_cut_rows(Rows& rows) {
  rows.push_back({.name = "a body is cut off at its Content-Length, and that "
                          "is logged",
                  .application = "over-long",
                  .request = {.log = {"closed over-long", "more than"}},
                  .check = [](Seen& seen) {
                    seen.body("12345678");
                    seen.header("Content-Length", "8");
                    seen.complete();
                    seen.log("2 bytes more than its Content-Length");
                    seen.log("closed over-long");
                  }});
  rows.push_back({.name = "a body is not asked for more than Content-Length",
                  .application = "asked-too-often",
                  .request = {.log = {"closed asked"}},
                  .check = [](Seen& seen) {
                    seen.body("1234512345");
                    seen.complete();
                    seen.log("asked too often", 0);
                    seen.log("closed asked");
                  }});
  rows.push_back({.name = "a body shorter than Content-Length is seen to be "
                          "cut, and that is logged",
                  .application = "too-short",
                  .request = {.log = {"closed too-short", "cut short"}},
                  .check =
                      [](Seen& seen) {
                        seen.status("200 OK");
                        seen.cut();
                        seen.exit_status(1);
                        seen.log("5 of the 10 bytes");
                        seen.log("closed too-short");
                      },
                  .needs = {Need::bare_log}});
}

void add_no_content_rows(Rows& rows) {
  const auto add = [&rows](std::string name, const std::string& application,
                           const std::string& status, const std::string& kept,
                           const std::string& value) -> Row& {
    rows.push_back(
        {.name = std::move(name),
         .application = application,
         .request = {.log = {"closed " + application, "were dropped"}},
         .check = [application, status, kept, value](Seen& seen) {
           seen.status(status);
           seen.body("");
           seen.complete();
           seen.exit_status(0);
           seen.no_header("Content-Length");
           seen.no_header("Content-Type");
           if (!kept.empty()) seen.header(kept, value);
           seen.log("closed " + application);
           seen.log("4 bytes with " + status);
         }});
    return rows.back();
  };
  add("204 has neither body nor length nor type", "no-content",
      "204 No Content", "", "")
      .needs = {Need::unchecked};
  add("304 has neither body nor length nor type", "not-modified",
      "304 Not Modified", "ETag", "\"e\"");
  rows.push_back({.name = "204 without a body gets no inferred length",
                  .application = "clean-no-content",
                  .check = [](Seen& seen) {
                    seen.status("204 No Content");
                    seen.no_header("Content-Length");
                    seen.header("X-Kept", "yes");
                    seen.log("dropped", 0);
                  }});
}

}  // namespace

void add_body_rows(Rows& rows) {
  rows.push_back(body_row("a string is a body of known length", "string",
                          "a string\n", "9"));
  rows.push_back(body_row("a literal is a body of known length", "literal",
                          "a literal\n", "10"));
  rows.push_back(
      body_row("a view is a body of known length", "view", "GET", "3"));
  rows.push_back(body_row("a list of chunks is a body of no inferred length",
                          "list", "one two three\n"));
  rows.push_back(body_row("a vector is a body of no inferred length", "vector",
                          "one two\n"));
  rows.push_back(body_row("a vector of one chunk is of known length",
                          "vector-of-one", "just one\n", "9"));
  rows.push_back(body_row("any range is a body", "range", "a linked list\n"));
  rows.push_back(
      body_row("a chunk source is a body", "source", "from a source\n"));
  rows.push_back(body_row("a pointer to a chunk source is a body",
                          "source-pointer", "from a pointer\n"));
  rows.push_back(
      body_row("1,000 small chunks arrive in order", "many-chunks", numbers()));
  rows.push_back(
      body_row("chunks of 70,000 bytes arrive whole", "large-chunks", large()));
  rows.push_back(body_row("a chunk of 1 MiB arrives whole", "mebibyte",
                          std::string(1 << 20, 'm'), "1048576"));
  rows.push_back(body_row("all 256 byte values are unaltered", "all-bytes",
                          all_bytes(), "256"));
  rows.push_back(body_row("line ends are unaltered", "line-ends",
                          "lf\ncrlf\r\ncr\rend", "15"));
  add_empty_rows(rows);
  add_file_rows(rows);
  add_lint_rows(rows);
}

void add_length_rows(Rows& rows) {
  rows.push_back(declared_row("a declared Content-Length is kept", "declared",
                              "123456", "6"));
  rows.push_back(declared_row("a declared Content-Length of 0 is kept",
                              "declared-zero", "", "0"));
  add_cut_rows(rows);
  rows.push_back(head_row("HEAD drops the body and keeps the inferred length",
                          "string",
                          [](Seen& seen) { seen.inferred_length("9"); }));
  rows.push_back(
      head_row("HEAD keeps a declared length", "length-only",
               [](Seen& seen) { seen.header("Content-Length", "1234"); }));
  rows.push_back(
      head_row("HEAD infers no length of an empty body", "nothing",
               [](Seen& seen) { seen.no_header("Content-Length"); }));
  rows.push_back(head_row("HEAD closes the body", "source",
                          [](Seen& seen) { seen.log("closed source"); },
                          {"closed source"}));
  add_no_content_rows(rows);
}

}  // namespace decant::conformance
