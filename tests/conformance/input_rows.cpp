// SPDX-License-Identifier: MIT
// What an application reads (PEP 3333, "Input and Error Streams").
#include "conformance/suite.hpp"

namespace decant::conformance {
namespace {

/// Bytes without a pattern that a lost or doubled block would keep.
std::string sample(std::size_t size) {
  std::string bytes;
  bytes.reserve(size);
  unsigned state = 12345;
  while (bytes.size() < size) {
    state = state * 1103515245 + 12345;
    bytes += static_cast<char>(state >> 16 & 0xFF);
  }
  return bytes;
}

/// POST of `body` to `application`, which answers with `answer`.
Row read_row(std::string name, std::string application, std::string body,
             std::string answer) {
  return {.name = std::move(name),
          .application = std::move(application),
          .request = {.method = "POST", .body = std::move(body)},
          .check = [answer = std::move(answer)](Seen& seen) {
            seen.status("200 OK");
            seen.body(answer);
            seen.complete();
          }};
}

void add_size_rows(Rows& rows) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{8192}, std::size_t{70'000},
        std::size_t{1} << 20}) {
    rows.push_back(
        read_row("a body of " + std::to_string(size) + " bytes is read whole",
                 "echo", sample(size), sample(size)));
    if (size == 0) rows.back().needs = {Need::unframed_post};
  }
  rows.push_back(read_row("read(n) gives n bytes until the end", "pieces",
                          sample(20'000), sample(20'000)));
  rows.push_back(read_row("read_some gives what is there", "as-it-comes",
                          sample(20'000), sample(20'000)));
  rows.back().needs = {Need::core_streams};
  rows.push_back(read_row("read(0) gives nothing and takes nothing",
                          "nothing-first", "abcdef", "abc|def"));
  rows.push_back(read_row("after the end every read is empty", "past-the-end",
                          "abc", "abc and no more"));
  rows.push_back(read_row("length and consumed tell how far it is", "lengths",
                          "12345", "length 5, read 5, consumed 5\n"));
  rows.back().needs = {Need::core_streams};
}

void add_line_rows(Rows& rows) {
  const std::string text = "one\n\ntwo\r\nend";
  const std::string lines = "4:one\n1:\n5:two\r\n3:end";
  rows.push_back(
      read_row("readline keeps line ends, and the last line may have none",
               "lines", text, lines));
  rows.push_back(read_row("iteration gives lines", "iterated", text, lines));
  rows.push_back(
      read_row("readlines gives all lines", "readlines", text, lines));
  rows.push_back(read_row("readlines stops once it has its hint",
                          "readlines-hint", text,
                          "4:one\n1:\n|5:two\r\n3:end"));
  rows.push_back(read_row("readline(limit) splits a line", "readline-limit",
                          "abcdefgh\nrest", "3:abc3:def3:gh\n"));
  rows.push_back(read_row("lines and blocks may be mixed", "mixed",
                          "line\n1234 rest\nend\nof it",
                          "5:line\n4:12346: rest\n9:end\nof it"));
  rows.push_back(read_row("a line of 100,000 bytes is one line", "lines",
                          std::string(100'000, 'l') + "\n.",
                          "100001:" + std::string(100'000, 'l') + "\n1:."));
}

void add_unread_rows(Rows& rows) {
  rows.push_back(read_row("an application may ignore the body", "ignores",
                          "ignored", "not interested\n"));
  rows.push_back(read_row("an application may ignore a body of 1 MiB",
                          "ignores", sample(1 << 20), "not interested\n"));
  rows.push_back(read_row("an application may read a part of the body", "part",
                          "0123456789" + sample(70'000), "0123456789"));
  rows.push_back(read_row("an application may answer before it reads",
                          "answers-first", "the body", "reading: the body"));
}

void add_framing_rows(Rows& rows) {
  rows.push_back({.name = "a client that expects 100 Continue is served",
                  .application = "echo",
                  .request = {.method = "POST",
                              .headers = {{"Expect", "100-continue"}},
                              .body = "expected"},
                  .check = [](Seen& seen) {
                    seen.status("200 OK");
                    seen.body("expected");
                  }});
  rows.push_back({.name = "the input ends at CONTENT_LENGTH, though more comes",
                  .application = "past-the-end",
                  .request = {.method = "POST",
                              .body = "0123456789",
                              .content_length = "3"},
                  .check = [](Seen& seen) { seen.body("012 and no more"); },
                  .needs = {Need::bytes_behind_body}});
  rows.push_back(
      {.name = "a body of unknown length is read to its end",
       .application = "echo",
       .request = {.method = "POST", .body = sample(5000), .chunked = true},
       .check = [](Seen& seen) { seen.body(sample(5000)); }});
  rows.push_back(
      {.name = "no transfer coding is left in the environ",
       .application = "environ",
       .request = {.method = "POST", .body = "decoded", .chunked = true},
       .check = [](Seen& seen) {
         seen.status("200 OK");
         seen.no_variable("HTTP_TRANSFER_ENCODING");
       }});
}

void add_cut_rows(Rows& rows) {
  const Request cut = {.method = "POST", .body = "abc", .content_length = "10"};
  rows.push_back(
      {.name = "a body that is cut short throws",
       .application = "catches",
       .request = cut,
       .check = [](Seen& seen) { seen.body("caught a gateway error\n"); },
       .needs = {Need::body_as_it_comes, Need::resident}});
  Request logged = cut;
  logged.log = {"input: "};
  rows.push_back({.name = "a body that is cut short is no success",
                  .application = "echo",
                  .request = logged,
                  .check =
                      [](Seen& seen) {
                        seen.body_lacks("abc");
                        seen.status("400 Bad Request");
                      },
                  .needs = {Need::body_as_it_comes}});
  rows.push_back(
      {.name = "a CONTENT_LENGTH that is no number is refused",
       .application = "echo",
       .request = {.method = "POST", .body = "abc", .content_length = "three"},
       .check = [](Seen& seen) {
         seen.expect(seen.response().status.starts_with("400 "),
                     "the status is " + seen.response().status);
         seen.body_lacks("abc");
       }});
}

}  // namespace

void add_input_rows(Rows& rows) {
  add_size_rows(rows);
  add_line_rows(rows);
  add_unread_rows(rows);
  add_framing_rows(rows);
  add_cut_rows(rows);
}

}  // namespace decant::conformance
