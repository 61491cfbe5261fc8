// SPDX-License-Identifier: MIT
// What an application returns in Python (PEP 3333, "Specification Details",
// "Buffering and Streaming", "Handling the Content-Length Header").
#include "conformance/python_rows.hpp"

namespace decant::conformance {
namespace {

/// A body whose Content-Length is `length`, or not known where that is empty.
Row length_row(std::string name, std::string application, std::string body,
               std::string length, std::vector<std::string> log = {}) {
  Row row = body_row(std::move(name), std::move(application), std::move(body),
                     std::move(log));
  row.check = [check = std::move(row.check),
               length = std::move(length)](Seen& seen) {
    seen.status("200 OK");
    check(seen);
    if (length.empty()) {
      seen.no_header("Content-Length");
    } else {
      seen.header("Content-Length", length);
    }
  };
  return row;
}

void add_iterable_rows(Rows& rows) {
  rows.push_back(length_row("a tuple is a body", "tuple", "a tuple\n", ""));
  rows.push_back(
      length_row("chunks beyond 64 KiB stay where they are", "large-list",
                 std::string(50'000, 'a') + std::string(50'000, 'b'), ""));
  rows.push_back(length_row("an object with __getitem__ alone is a body",
                            "old-protocol", "by index\n", ""));
  rows.push_back(length_row("the keys of a dict are a body", "dictionary-keys",
                            "keys only\n", ""));
  rows.push_back(length_row("a map is a body", "map", "lazily\n", ""));
  rows.push_back(
      length_row("an iterator calls start_response at its first "
                 "step and is closed",
                 "iterator", "from an iterator\n", "", {"closed iterator\n"}));
  rows.push_back(length_row("a subclass of list is closed", "closing-list",
                            "of a list\n", "", {"closed list\n"}));
  rows.push_back(length_row("a chunk may be of a subclass of bytes",
                            "bytes-subclass", "all of it\n", "10"));
  rows.push_back(length_row("an object of len() 1 is of known length",
                            "sized-one", "just one\n", "9",
                            {"closed sized\n"}));
  rows.push_back(length_row("an object of len() 2 is of no inferred length",
                            "sized-two", "one two\n", "", {"closed sized\n"}));
  rows.push_back(length_row("a __len__ that raises is as none", "sized-badly",
                            "no length\n", "", {"closed sized\n"}));
  rows.push_back(length_row("nothing but iteration, len() and close() is used",
                            "attributes", "plain\n", ""));
  rows.back().check = [](Seen& seen) {
    seen.body("plain\n");
    seen.log("asked for", 0);
  };
  rows.push_back(
      length_row("a close that cannot be had is logged, the "
                 "response unaffected",
                 "property-fails", "all sent\n", "",
                 {": python: LookupError: no close\n"}));
  rows.push_back(length_row("a generator that ignores GeneratorExit is logged",
                            "stubborn", "begun\n", "6",
                            {": python: RuntimeError: generator ignored "
                             "GeneratorExit\n"}));
}

void add_bytes_rows(Rows& rows) {
  const std::string warning = "decant: the application returned bytes; ";
  Row first =
      length_row("bare bytes are one chunk", "bare-bytes", "bare\n", "5");
  rows.push_back(first);
  Row again = of_a_service(first);
  again.name = "bare bytes are complained of once";
  again.request.times = 2;
  again.check = [warning](Seen& seen) {
    seen.body("bare\n");
    seen.log(warning, 0);
  };
  first.name = "bare bytes are complained of";
  first.request.log = {warning};
  first.check = [warning](Seen& seen) { seen.log(warning); };
  first.needs = {Need::fresh_process};
  rows.push_back(first);
  rows.push_back(again);
}

void add_wrong_rows(Rows& rows) {
  const std::string returned = ": python: the application returned ";
  const std::string yielded = ": python: the application's iterable yielded ";
  const auto add = [&rows](const std::string& name, const std::string& what,
                           const std::string& log) {
    rows.push_back(error_row(name + " gives 500", "wrong-" + what, {log}));
  };
  add("None as the result", "none", returned + "NoneType, ");
  add("an int as the result", "number", returned + "int, ");
  add("a str as the result", "text", returned + "str, ");
  add("a function as the result", "function", returned + "function, ");
  add("a class as the result", "class", returned + "type, ");
  add("a bytearray as the result", "bytearray", yielded + "int, ");
  add("a str in a list", "of-text", yielded + "str, ");
  add("a str after bytes in a list", "of-text-second", yielded + "str, ");
  add("a bytearray in a list", "of-bytearray", yielded + "bytearray, ");
  add("a memoryview in a tuple", "of-memoryview", yielded + "memoryview, ");
  add("None in a list", "of-none", yielded + "NoneType, ");
  add("a range of int", "of-numbers", yielded + "int, ");
  add("a generator of str", "generated-text", yielded + "str, ");
  const std::string encode = yielded + "str, not bytes; encode text; it is ";
  rows.push_back(error_row("a wrong chunk of a list is told by its place",
                           "wrong-of-text-second",
                           {encode + "item 1 of list\n"}));
  rows.push_back(error_row("a wrong chunk of a generator is told by the line",
                           "wrong-line",
                           {encode + "generator wrong_line (",
                            "python_result_applications.py, line "}));
  rows.push_back(error_row("a wrong chunk of an object is told by its type",
                           "wrong-closing-text", {encode + "ClosingBody\n"}));
  rows.push_back(
      error_row("a result whose __iter__ raises is closed", "wrong-iter",
                {": python: LookupError: no iterator\n", "closed iter\n"}));
  rows.push_back(error_row("a result that is no iterable is closed",
                           "wrong-closing-only",
                           {returned + "ClosingOnly, ", "closed only\n"}));
  rows.push_back(error_row("a str of an iterable gives 500, and it is closed",
                           "wrong-closing-text",
                           {yielded + "str, ", "closed text\n"}));
  rows.push_back(cut_row("a str after a chunk was sent cuts the response",
                         "late-text",
                         {yielded + "str, ", "closed late-text\n"}));
}

}  // namespace

void add_python_result_rows(Rows& rows) {
  add_iterable_rows(rows);
  add_bytes_rows(rows);
  add_wrong_rows(rows);
}

}  // namespace decant::conformance
