// SPDX-License-Identifier: MIT
// environ, wsgi.input and wsgi.errors as Python objects (PEP 3333, "environ
// Variables", "Input and Error Streams").
#include "conformance/python_rows.hpp"

namespace decant::conformance {
namespace {

std::string bytes(int first, int last) {
  std::string all;
  for (int byte = first; byte <= last; ++byte) all += static_cast<char>(byte);
  return all;
}

std::string encoded(int first, int last) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string all;
  for (int byte = first; byte <= last; ++byte) {
    all += '%';
    all += digits[static_cast<std::size_t>(byte / 16)];
    all += digits[static_cast<std::size_t>(byte % 16)];
  }
  return all;
}

Request post(std::string body, std::string target = "/") {
  return {
      .method = "POST", .target = std::move(target), .body = std::move(body)};
}

void add_environ_rows_of_python(Rows& rows) {
  rows.push_back(checked_row(
      "environ is a dict, its keys and values str, its version a tuple",
      "exact-types", {.headers = {{"X-A", "a"}}}));
  rows.push_back(of_a_service(checked_row(
      "environ is a new dict for each request", "fresh", {.times = 6})));
  Request emptied = post("and read");
  emptied.times = 2;
  rows.push_back(body_row("environ may be emptied", "empties",
                          "emptied and read", {}, emptied));
  rows.push_back(
      {.name = "a header that comes ten times in a row is there",
       .application = "environ",
       .request = {.headers = {{"X-Sometimes", "yes"}}, .times = 10},
       .check = [](Seen& seen) { seen.variable("HTTP_X_SOMETIMES", "yes"); }});
  rows.push_back(checked_row("a header that does not come any more is absent",
                             "sometimes"));
  rows.push_back(checked_row("PATH_INFO has each byte as its character",
                             "path-bytes",
                             {.target = '/' + encoded(0x01, 0xFF)}));
  rows.back().needs = {Need::any_byte_in_path};
  rows.push_back(checked_row(
      "bytes above 0x7F in a header and the query are characters", "high-bytes",
      {.target = "/?" + bytes(0x80, 0xFF),
       .headers = {{"X-Bytes", bytes(0x80, 0xFF)}}}));
  rows.back().needs = {Need::any_byte_in_query};
}

void add_input_rows_of_python(Rows& rows) {
  const std::string lines = "one\ntwo\nthree";
  for (const char* const form :
       {"read()", "read(None)", "read(-1)", "read(-7)", "read(10**12)",
        "readlines(None)", "readlines(-1)", "readlines(0)", "iteration"}) {
    rows.push_back(checked_row(std::string(form) + " gives the rest",
                               "reads-rest",
                               post(lines, std::string("/?") + form)));
  }
  rows.push_back(checked_row("readline and read keep to their size, as of io",
                             "reads-within-limits", post(lines)));
  rows.push_back(checked_row("at the end each form gives nothing, repeatedly",
                             "reads-at-the-end", post(lines)));
  rows.push_back(checked_row("without a body each form gives nothing",
                             "reads-at-the-end"));
  rows.push_back(checked_row("close() of the input does no harm",
                             "closes-input", post(lines)));
  rows.push_back(checked_row("the input is its own iterator", "iterates-input",
                             post(lines)));
  rows.push_back(checked_row("a size that is none raises and takes nothing",
                             "misuses-input", post(lines)));
  rows.push_back(checked_row("the input serves the library as a file",
                             "lends-input",
                             post("5\ncaf\xC3\xA9\n\xE2\x86\x92")));
}

void add_error_rows_of_python(Rows& rows) {
  rows.push_back(body_row(
      "wsgi.errors takes any str", "logs", "logged\n",
      {"written caf\xC3\xA9 \xE2\x86\x92\n", "lone \\udc80 and \\ud800\n",
       "a list, in one line\n", "generated 0\n", "generated 1\n", "printed 5\n",
       "flushed\nzero \\x00 and \\x7f\n"}));
  Row misused =
      checked_row("wsgi.errors refuses what is no str", "misuses-errors");
  rows.push_back(misused);
}

}  // namespace

void add_python_request_rows(Rows& rows) {
  add_environ_rows_of_python(rows);
  add_input_rows_of_python(rows);
  add_error_rows_of_python(rows);
}

}  // namespace decant::conformance
