// SPDX-License-Identifier: MIT
#include "decant/byte_ranges.hpp"

#include "support/catch.hpp"
#include "support/recording_exchange.hpp"

namespace decant {
namespace {

/// "whole", "none", or what is sent, as "0-9 20-29".
std::string asked(const std::string& range, std::uint64_t size,
                  const std::string& if_range = {}) {
  const std::string value = range;
  test::TestEnviron test({{"HTTP_RANGE", value}});
  if (!if_range.empty()) test.env.set("HTTP_IF_RANGE", if_range);
  const ByteRanges ranges =
      asked_ranges(test.env, {.etag = "\"1\"", .modified = 784111777}, size);
  if (ranges.kind == ByteRange::Kind::whole) return "whole";
  std::string text;
  for (const ByteRange& part : ranges.parts) {
    CHECK(part.size > 0);
    if (!text.empty()) text += ' ';
    text += std::to_string(part.first) + '-' +
            std::to_string(part.first + part.size - 1);
  }
  const bool has_parts = ranges.kind == ByteRange::Kind::part;
  CHECK(has_parts != text.empty());
  return has_parts ? text : "none";
}

TEST_CASE("Ranges are read as RFC 9110 section 14.1.2 says") {
  struct Row {
    const char* range;
    const char* sent;
  };
  // The examples of the section, of 10,000 bytes, and more.
  for (const auto& [range, sent] :
       {Row{"bytes=0-499", "0-499"}, Row{"bytes=500-999", "500-999"},
        Row{"bytes=-500", "9500-9999"}, Row{"bytes=9500-", "9500-9999"},
        Row{"bytes=0-0,-1", "0-0 9999-9999"},
        Row{"bytes= 0-999, 4500-5499, -1000", "0-999 4500-5499 9000-9999"},
        Row{"bytes=500-700,601-999", "500-999"},
        Row{"bytes=500-600,601-999", "500-999"},
        Row{"bytes=0-9,20-29", "0-9 20-29"},
        Row{"bytes=20-29,0-9", "20-29 0-9"},
        Row{"bytes=0-9 ,\t20-29", "0-9 20-29"},
        Row{"bytes=,0-9,,20-29,", "0-9 20-29"},
        // One that touches two makes one of three.
        Row{"bytes=0-9,20-29,40-49,5-25", "0-29 40-49"},
        Row{"bytes=20-29,40-49,0-19", "0-29 40-49"},
        Row{"bytes=0-,0-,0-,0-", "0-9999"},
        // What begins behind the end is left out.
        Row{"bytes=0-9,10000-", "0-9"}, Row{"bytes=10000-,10001-", "none"},
        Row{"bytes=-0", "none"}, Row{"bytes=-0,0-0", "0-0"},
        Row{"bytes=9999-99999,0-1", "9999-9999 0-1"},
        // What cannot be read asks for nothing.
        Row{"", "whole"}, Row{"bytes=", "whole"}, Row{"bytes=,", "whole"},
        Row{"bytes=a-b", "whole"}, Row{"bytes=0-9,5-1", "whole"},
        Row{"bytes=0-9,x", "whole"}, Row{"bytes=--1", "whole"},
        Row{"bytes=0-9;20-29", "whole"}, Row{"bytes=-", "whole"},
        Row{"bytes=+1-2", "whole"}, Row{"bytes=0-9,\"", "whole"},
        Row{"bytes=99999999999999999999-", "whole"}, Row{"lines=0-1", "whole"},
        Row{"bytes 0-1", "whole"}}) {
    CAPTURE(range);
    CHECK(asked(range, 10'000) == sent);
  }
  CHECK(asked("bytes=0-", 0) == "none");
  CHECK(asked("bytes=-5", 0) == "none");
}

TEST_CASE("Who asks for many parts is sent the whole") {
  std::string many = "bytes=0-0";
  for (std::size_t i = 1; i < most_ranges; ++i) {
    many += ',' + std::to_string(i * 10) + '-' + std::to_string(i * 10);
  }
  CHECK(asked(many, 1000).ends_with(" 150-150"));
  CHECK(asked(many + ",990-", 1000) == "whole");
  // Also where they would be one in the end.
  std::string same = "bytes=0-9";
  for (int i = 0; i < 5000; ++i) same += ",0-9";
  CHECK(asked(same, 1000) == "whole");
}

TEST_CASE("If-Range says whether there are ranges at all") {
  const std::string several = "bytes=0-1,4-5";
  CHECK(asked(several, 10, "\"1\"") == "0-1 4-5");
  CHECK(asked(several, 10, "\"2\"") == "whole");
  CHECK(asked(several, 10, "W/\"1\"") == "whole");
  CHECK(asked(several, 10, "Sun, 06 Nov 1994 08:49:37 GMT") == "0-1 4-5");
  CHECK(asked(several, 10, "Sun, 06 Nov 1994 08:49:38 GMT") == "whole");
  CHECK(asked("bytes=10-", 10, "\"2\"") == "whole");
}

TEST_CASE("Several parts lie as RFC 9110 section 14.6 shows") {
  const MultipartRanges ranges(
      {{ByteRange::Kind::part, 500, 500}, {ByteRange::Kind::part, 7000, 1000}},
      "application/pdf", 8000);
  const std::string type = ranges.content_type();
  const std::string start = "multipart/byteranges; boundary=";
  REQUIRE(type.starts_with(start));
  const std::string boundary = type.substr(start.size());
  CHECK(boundary.size() == 32);
  CHECK(ranges.head(0) == "--" + boundary +
                              "\r\nContent-Type: application/pdf\r\n"
                              "Content-Range: bytes 500-999/8000\r\n\r\n");
  CHECK(ranges.head(1) == "\r\n--" + boundary +
                              "\r\nContent-Type: application/pdf\r\n"
                              "Content-Range: bytes 7000-7999/8000\r\n\r\n");
  CHECK(ranges.tail() == "\r\n--" + boundary + "--\r\n");
  CHECK(ranges.content_length() == ranges.head(0).size() + 500 +
                                       ranges.head(1).size() + 1000 +
                                       ranges.tail().size());
  CHECK(MultipartRanges(ranges.parts(), "", 8000).head(0).find("Type") ==
        std::string::npos);
  CHECK(MultipartRanges(ranges.parts(), "", 8000).content_type() != type);
}

}  // namespace
}  // namespace decant
