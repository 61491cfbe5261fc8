// SPDX-License-Identifier: MIT
// wsgi.file_wrapper with Python's kinds of files (PEP 3333, "Optional
// Platform-Specific File Handling").
#include "conformance/python_rows.hpp"

namespace decant::conformance {
namespace {

Row sized_row(std::string name, std::string application, std::string body) {
  Row row = body_row(std::move(name), std::move(application), std::move(body));
  row.check = [check = std::move(row.check)](Seen& seen) {
    check(seen);
    seen.header("Content-Length", std::to_string(seen.response().body.size()));
  };
  return row;
}

Row unsized_row(std::string name, std::string application, std::string body,
                std::vector<std::string> log = {}) {
  Row row = body_row(std::move(name), std::move(application), std::move(body),
                     std::move(log));
  row.check = [check = std::move(row.check)](Seen& seen) {
    check(seen);
    seen.no_header("Content-Length");
  };
  return row;
}

void add_descriptor_rows(Rows& rows) {
  rows.push_back(sized_row("file_wrapper sends an unbuffered file", "file-raw",
                           "unbuffered\n"));
  rows.push_back(sized_row("file_wrapper goes on where readline stopped",
                           "file-read-by-line", "the second\nthe third\n"));
  rows.push_back(sized_row("file_wrapper sends what was just written",
                           "file-written", "AND sent\n"));
  rows.back().check = [](Seen& seen) {
    seen.body(" sent\n");  // from its position, which is behind AND
  };
  rows.push_back(
      sized_row("file_wrapper sends an empty file", "file-empty", ""));
  rows.push_back(sized_row("a position behind the end is the end",
                           "file-past-its-end", ""));
  rows.push_back({.name = "file_wrapper sends a file of the kernel's, whose "
                          "size says nothing",
                  .application = "file-in-the-kernel",
                  .check = [](Seen& seen) {
                    seen.body_has("Name:\t");
                    seen.complete();
                  }});
  rows.push_back(sized_row("only the last of two wrappers is sent",
                           "file-second", "the second\n"));
  rows.push_back(body_row("a close() that was put into the file is called",
                          "file-replaced-close", "the content\n",
                          {"closed by replacement\n"}));
  rows.push_back(unsized_row("what is written comes before the file",
                             "file-after-write", "written, and from a file\n"));
  rows.push_back({.name = "a file shorter than Content-Length is seen to be "
                          "cut, and that is logged",
                  .application = "file-short",
                  .request = {.log = {"10 of the 100 bytes"}},
                  .check = [](Seen& seen) {
                    seen.body("only this\n");
                    seen.cut();
                    seen.log("10 of the 100 bytes");
                  }});
}

void add_object_rows(Rows& rows) {
  rows.push_back(unsized_row("file_wrapper sends a BytesIO", "file-in-memory",
                             "from memory\n"));
  rows.push_back(unsized_row("file_wrapper sends the content of a gzip file",
                             "file-of-gzip", "the content\n"));
  rows.push_back(
      unsized_row("file_wrapper sends the content of a gzip file in memory",
                  "file-of-gzip-in-memory", "the content\n"));
  rows.push_back(
      unsized_row("file_wrapper sends an object that has read() "
                  "alone",
                  "file-without-close", "read only\n"));
  rows.push_back(unsized_row("read() may give a subclass of bytes",
                             "file-bytes-subclass", "of a subclass\n"));
  rows.push_back(
      unsized_row("file_wrapper reads an object in blocks of 8192 "
                  "bytes, and closes it",
                  "file-object", std::string(10'000, 'x'),
                  {"read(8192)\nread(8192)\nread(8192)\nclosed"}));
  rows.push_back(unsized_row(
      "file_wrapper reads an object in blocks of blksize", "file-by-blocks",
      "0123456789", {"read(4)\nread(4)\nread(4)\nread(4)\nclosed"}));
  rows.push_back(body_row("an object is not read beyond Content-Length",
                          "file-object-within-length", "read",
                          {"read(4)\nclosed"}));
  rows.push_back(unsized_row("middleware may iterate over a wrapper",
                             "file-in-middleware", "ITERATED\n"));
  rows.push_back(unsized_row("a generator may delegate to a wrapper",
                             "file-delegated", "delegated\n"));
  rows.push_back(sized_row("a wrapper may be made a list", "file-in-a-list",
                           "as a list\n"));
  rows.push_back(checked_row("a wrapper iterates and closes by itself",
                             "file-wrapper-itself"));
}

}  // namespace

void add_python_file_rows(Rows& rows) {
  add_descriptor_rows(rows);
  add_object_rows(rows);
  rows.push_back(error_row("a file of text gives 500", "file-of-text",
                           {"iterable yielded str, not bytes"}));
  rows.push_back(error_row("a closed file gives 500", "file-closed",
                           {": python: ValueError: "}));
  rows.push_back(error_row("what is no file gives 500", "file-no-file",
                           {": python: AttributeError: "}));
}

}  // namespace decant::conformance
