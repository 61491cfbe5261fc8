// SPDX-License-Identifier: MIT
#include "decant/text.hpp"

#include "support/catch.hpp"

namespace decant {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  append_escaped(out, text);
  return out;
}

TEST_CASE("Control characters are escaped, a tab and other text are not") {
  CHECK(escaped("a\tb") == "a\tb");
  CHECK(escaped("line\nnext\r") == "line\\x0anext\\x0d");
  CHECK(escaped("\x1B[31m") == "\\x1b[31m");
  CHECK(escaped(std::string_view("\0", 1)) == "\\x00");
  CHECK(escaped("\x7F") == "\\x7f");
  CHECK(escaped("caf\xC3\xA9 \xE2\x82\xAC") == "caf\xC3\xA9 \xE2\x82\xAC");
}

TEST_CASE("A C1 control in UTF-8 is escaped, its bytes elsewhere are not") {
  CHECK(escaped("\xC2\x9B") == "\xC2\\x9b");  // CSI
  CHECK(escaped("\xC2\xA0") == "\xC2\xA0");   // a no-break space
  CHECK(escaped("\xC3\x9B") == "\xC3\x9B");   // U+00DB
}

TEST_CASE("Escaped text is appended") {
  std::string out = "before ";
  append_escaped(out, "\n");
  CHECK(out == "before \\x0a");
}

TEST_CASE("Quoted text is cut after 200 bytes") {
  CHECK(quoted("") == "\"\"");
  CHECK(quoted("a\nb") == "\"a\\x0ab\"");
  CHECK(quoted(std::string(200, 'x')) == '"' + std::string(200, 'x') + '"');
  CHECK(quoted(std::string(201, 'x')) == '"' + std::string(200, 'x') + "...\"");
}

}  // namespace
}  // namespace decant
