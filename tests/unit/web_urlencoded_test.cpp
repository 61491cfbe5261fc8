// SPDX-License-Identifier: MIT
#include "decant/web/form_error.hpp"
#include "decant/web/urlencoded.hpp"
#include "support/catch.hpp"

namespace decant::web {
namespace {

Fields parse(std::string_view text) {
  return parse_urlencoded(text, 10000);
}

TEST_CASE("Fields are parted as the WHATWG parses them") {
  const std::pair<const char*, Fields> vectors[] = {
      {"", {}},
      {"test", {{"test", ""}}},
      {"\xFE\xFF", {{"\xFE\xFF", ""}}},
      {"a=b", {{"a", "b"}}},
      {"a=b&c=d", {{"a", "b"}, {"c", "d"}}},
      {"a=b&c=d&", {{"a", "b"}, {"c", "d"}}},
      {"&&&a=b&&&&c=d&", {{"a", "b"}, {"c", "d"}}},
      {"a=a&a=b&a=c", {{"a", "a"}, {"a", "b"}, {"a", "c"}}},
      {"a==a", {{"a", "=a"}}},
      {"a=a+b+c+d", {{"a", "a b c d"}}},
      {"%=a", {{"%", "a"}}},
      {"%a=a", {{"%a", "a"}}},
      {"%a_=a", {{"%a_", "a"}}},
      {"%61=a", {{"a", "a"}}},
      {"%61+%4d%4D=", {{"a MM", ""}}},
      {"=", {{"", ""}}},
      {"=a", {{"", "a"}}},
      {"id=0&value=%", {{"id", "0"}, {"value", "%"}}},
      {"b=%2sf%2a", {{"b", "%2sf*"}}},
      {"b=%2%2af%2a", {{"b", "%2*f*"}}},
      {"b=%%2a", {{"b", "%*"}}},
      {"a;b=c", {{"a;b", "c"}}},
      {"a=%26%3D%25", {{"a", "&=%"}}},
      {"a=%00b", {{"a", std::string("\0b", 2)}}}};
  for (const auto& [text, fields] : vectors) {
    CAPTURE(text);
    CHECK(parse(text) == fields);
  }
}

TEST_CASE("A urlencoded form that is written is read again") {
  const Fields fields = {{"a b", "c+d"},
                         {"", "="},
                         {"\xC3\xA9", "&%"},
                         {"a b", ""},
                         {"nul", std::string("\0\r\n", 3)}};
  CHECK(urlencoded(fields) ==
        "a+b=c%2Bd&=%3D&%C3%A9=%26%25&a+b=&nul=%00%0D%0A");
  CHECK(parse(urlencoded(fields)) == fields);
}

TEST_CASE("A form with too many fields is refused, one with enough is not") {
  std::string text;
  for (int i = 0; i < 10000; ++i) text += "a=1&";
  CHECK(parse(text).size() == 10000);
  try {
    parse(text + "a=1");
    FAIL("one more is taken");
  } catch (const FormError& error) {
    CHECK(error.status() == 413);
  }
}

TEST_CASE("Fields are found by name, in order") {
  const Fields fields = parse("a=1&b=x&a=2&c=");
  CHECK(fields["a"] == "1");
  CHECK(fields["A"].empty());
  CHECK(fields.all("a") == std::vector<std::string_view>{"1", "2"});
  CHECK(fields.all("none").empty());
  CHECK(fields.contains("c"));
  CHECK_FALSE(fields.contains("d"));
  CHECK(fields.get("d", "otherwise") == "otherwise");
  CHECK(fields.number<int>("a") == 1);
  CHECK_FALSE(fields.number<int>("b"));
  CHECK_FALSE(fields.number<int>("c"));
  CHECK_FALSE(parse("a=300").number<unsigned char>("a"));
}

}  // namespace
}  // namespace decant::web
