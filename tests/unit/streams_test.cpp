// SPDX-License-Identifier: MIT
#include "decant/streams.hpp"

#include <array>

#include "decant/error.hpp"
#include "support/catch.hpp"
#include "support/recording_exchange.hpp"

namespace decant {
namespace {

using test::RecordingErrors;
using test::TextSource;

TEST_CASE("Input ends at its length, whatever the peer sends after it") {
  TextSource source("hello world");
  InputStream input(source, 5);
  CHECK(input.read() == "hello");
  CHECK(input.read().empty());
  CHECK(input.read(10).empty());
  CHECK(input.readline().empty());
  CHECK(input.exhausted());
  CHECK(input.consumed() == 5);
  CHECK(source.left() == 6);
}

TEST_CASE("Input without a length ends where its source ends") {
  TextSource source("hello", 2);
  InputStream input(source, std::nullopt);
  CHECK(input.read(4) == "hell");
  CHECK_FALSE(input.exhausted());
  CHECK(input.read() == "o");
  CHECK(input.exhausted());
  CHECK(input.read().empty());
}

TEST_CASE("Input of length zero never asks its source") {
  TextSource source("hello");
  InputStream input(source, 0);
  CHECK(input.exhausted());
  CHECK(input.read().empty());
  CHECK(input.readline().empty());
  CHECK(source.reads == 0);
}

TEST_CASE("Reading no bytes consumes nothing") {
  TextSource source("hello");
  InputStream input(source, 5);
  CHECK(input.read(0).empty());
  CHECK(source.reads == 0);
  CHECK(input.readline(0).empty());
  CHECK(input.read() == "hello");
}

TEST_CASE("A read waits for all it was asked for") {
  TextSource source("abcdefgh", 1);
  InputStream input(source, 8);
  CHECK(input.read(3) == "abc");
  CHECK(input.read(3) == "def");
  CHECK(input.read(3) == "gh");
}

TEST_CASE("read_some gives what is there and does not wait to fill up") {
  TextSource source("abcdefgh", 3);
  InputStream input(source, 8);
  std::array<char, 16> buffer{};
  CHECK(input.read_some(buffer) == 3);
  CHECK(std::string(buffer.data(), 3) == "abc");
  CHECK(input.read_some(std::span(buffer).first(2)) == 2);
  CHECK(input.read_some(buffer) == 3);
  CHECK(input.read_some(buffer) == 0);
}

TEST_CASE("A body that is cut short never looks like a clean end") {
  TextSource source("hel");
  InputStream input(source, 5);
  SECTION("read") {
    CHECK_THROWS_AS(input.read(), GatewayError);
  }
  SECTION("readline") {
    CHECK_THROWS_AS(input.readline(), GatewayError);
  }
  SECTION("readlines") {
    CHECK_THROWS_AS(input.readlines(), GatewayError);
  }
  SECTION("iteration") {
    CHECK_THROWS_AS(input.begin(), GatewayError);
  }
  SECTION("what is there can be had") {
    CHECK(input.read(3) == "hel");
    CHECK_THROWS_WITH(input.read(1), Catch::Contains("3 of the 5 bytes"));
  }
}

TEST_CASE("A body of unknown length is refused past the limit with 413") {
  TextSource source("hello", 2);
  InputStream input(source, std::nullopt, 4);
  CHECK(input.read(4) == "hell");
  try {
    input.read(1);
    FAIL("no exception");
  } catch (const GatewayError& error) {
    CHECK(error.status() == 413);
  }
}

TEST_CASE("Lines keep their newline, the last one may lack it") {
  const std::size_t most = GENERATE(1, 2, 7, 100);
  TextSource source("one\n\ntwo\r\nthree", most);
  InputStream input(source, 15);
  CHECK(input.readline() == "one\n");
  CHECK(input.readline() == "\n");
  CHECK(input.readline() == "two\r\n");
  CHECK(input.readline() == "three");
  CHECK(input.readline().empty());
}

TEST_CASE("A limit splits a line and loses nothing of it") {
  TextSource source("abcdefg\nhij", 3);
  InputStream input(source, std::nullopt);
  CHECK(input.readline(5) == "abcde");
  CHECK(input.readline(2) == "fg");
  CHECK(input.readline(9) == "\n");
  CHECK(input.readline(3) == "hij");
  CHECK(input.readline(3).empty());
}

TEST_CASE("readlines stops after the line that reaches the hint") {
  TextSource source("a\nbb\nccc\nd\n");
  InputStream input(source, 11);
  CHECK(input.readlines(3) == std::vector<std::string>{"a\n", "bb\n"});
  CHECK(input.readlines() == std::vector<std::string>{"ccc\n", "d\n"});
  CHECK(input.readlines().empty());
}

TEST_CASE("A range-for goes over the lines") {
  TextSource source("a\nb\nc");
  InputStream input(source, 5);
  std::vector<std::string> lines;
  for (const std::string& line : input) lines.push_back(line);
  CHECK(lines == std::vector<std::string>{"a\n", "b\n", "c"});
}

TEST_CASE("Lines and bytes may be read in turn") {
  TextSource source("head\nbody and more");
  InputStream input(source, 18);
  CHECK(input.readline() == "head\n");
  CHECK(input.read(4) == "body");
  std::array<char, 4> buffer{};
  CHECK(input.read_some(buffer) == 4);
  CHECK(input.read() == " more");
}

TEST_CASE("A line longer than a block is read whole") {
  const std::string line(200000, 'x');
  TextSource source(line + "\nnext");
  InputStream input(source, line.size() + 5);
  CHECK(input.readline() == line + "\n");
  CHECK(input.read() == "next");
}

TEST_CASE("A length that was only announced is not yet memory") {
  TextSource source("x");
  InputStream input(source, std::uint64_t{1} << 60);
  CHECK_THROWS_AS(input.read(), GatewayError);
}

TEST_CASE("Lines of the log leave whole and escaped") {
  RecordingErrors sink;
  ErrorStream errors(sink);
  errors.write("half ");
  CHECK(sink.text.empty());
  errors.write("a line\nand \x1B[31m");
  CHECK(sink.text == "half a line\n");
  errors.flush();
  CHECK(sink.text == "half a line\nand \\x1b[31m\n");
  errors.flush();
  CHECK(sink.text == "half a line\nand \\x1b[31m\n");
}

TEST_CASE("An unfinished line of the log leaves when the request ends") {
  RecordingErrors sink;
  { ErrorStream(sink).write("no newline"); }
  CHECK(sink.text == "no newline\n");
}

TEST_CASE("A line of the log without end does not grow for ever") {
  RecordingErrors sink;
  ErrorStream errors(sink);
  errors.write(std::string(70000, 'x'));
  CHECK(sink.text.size() == 70001);
}

TEST_CASE("Empty lines of the log are kept") {
  RecordingErrors sink;
  ErrorStream errors(sink);
  errors.write("a\n\nb\n");
  CHECK(sink.text == "a\n\nb\n");
  errors.write("");
  CHECK(sink.text == "a\n\nb\n");
}

}  // namespace
}  // namespace decant
