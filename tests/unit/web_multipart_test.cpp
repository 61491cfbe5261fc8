// SPDX-License-Identifier: MIT
#include <algorithm>

#include "decant/web/form_error.hpp"
#include "decant/web/multipart.hpp"
#include "support/catch.hpp"

namespace decant::web {
namespace {

struct Part {
  std::string name;
  std::string filename;  // "-" for none
  std::string type;
  std::string content;
  bool operator==(const Part&) const = default;
};

/// Gives `text` in pieces that end at the places of `cuts`.
ReadBytes pieces_of(std::string_view text, std::vector<std::size_t> cuts = {},
                    std::size_t most = std::string::npos) {
  return [=, done = std::size_t{0}](std::span<char> buffer) mutable {
    std::size_t size = std::min({buffer.size(), most, text.size() - done});
    for (const std::size_t cut : cuts) {
      if (cut > done) size = std::min(size, cut - done);
    }
    text.copy(buffer.data(), size, done);
    done += size;
    return size;
  };
}

std::vector<Part> parts_of(const ReadBytes& read, std::string_view boundary) {
  std::vector<Part> parts;
  MultipartReader reader(read, boundary);
  while (const PartHead* const head = reader.next_part()) {
    Part part{head->name, head->filename.value_or("-"), head->content_type, {}};
    for (auto data = reader.read(); !data.empty(); data = reader.read()) {
      part.content += data;
    }
    CHECK(reader.read().empty());
    parts.push_back(part);
  }
  CHECK(reader.next_part() == nullptr);
  return parts;
}

std::vector<Part> parts_of(std::string_view text,
                           std::string_view boundary = "xyz") {
  return parts_of(pieces_of(text), boundary);
}

int status_of(std::string_view text) {
  try {
    parts_of(text);
  } catch (const FormError& error) {
    return error.status();
  }
  return 200;
}

const std::string field_head =
    "Content-Disposition: form-data; name=\"a\"\r\n\r\n";
const std::string field = "--xyz\r\n" + field_head;

TEST_CASE("A form as a browser sends it") {
  // Chromium, with a text, an empty file input and a file of two lines.
  constexpr std::string_view boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW";
  constexpr std::string_view text =
      "------WebKitFormBoundary7MA4YWxkTrZu0gW\r\n"
      "Content-Disposition: form-data; name=\"text\"\r\n\r\n"
      "caf\xC3\xA9 & co\r\n"
      "------WebKitFormBoundary7MA4YWxkTrZu0gW\r\n"
      "Content-Disposition: form-data; name=\"none\"; filename=\"\"\r\n"
      "Content-Type: application/octet-stream\r\n\r\n\r\n"
      "------WebKitFormBoundary7MA4YWxkTrZu0gW\r\n"
      "Content-Disposition: form-data; name=\"file\"; filename=\"a b.txt\"\r\n"
      "Content-Type: text/plain\r\n\r\n"
      "one\r\ntwo\r\n\r\n"
      "------WebKitFormBoundary7MA4YWxkTrZu0gW--\r\n";
  const std::vector<Part> expected = {
      {"text", "-", "", "caf\xC3\xA9 & co"},
      {"none", "", "application/octet-stream", ""},
      {"file", "a b.txt", "text/plain", "one\r\ntwo\r\n"}};
  CHECK(parts_of(text, boundary) == expected);

  SECTION("in two reads, cut anywhere") {
    for (std::size_t cut = 1; cut < text.size(); ++cut) {
      CAPTURE(cut);
      CHECK(parts_of(pieces_of(text, {cut}), boundary) == expected);
    }
  }
  SECTION("byte by byte, and a few at a time") {
    for (std::size_t most = 1; most < 64; ++most) {
      CAPTURE(most);
      CHECK(parts_of(pieces_of(text, {}, most), boundary) == expected);
    }
  }
}

TEST_CASE("What looks like a boundary is content") {
  for (const std::string content :
       {"\r\n--xy", "\r\n--xyy\r\n", "\r\n-xyz", "--xyzw", "--xyz-", "--xyz x",
        "\n--xyz\n", "\r\n--xyzw", "\r\n--xyz-", "\r\n--xyz -", "\r\r\n--xyzz",
        "\r", "\r\n", "\r\n--xyz\r", "\r\n--xyz \t\n",
        "\r\n\r\n--xy\r\n--xyzx"}) {
    CAPTURE(content);
    const std::string text = field + content + "\r\n--xyz--";
    const std::vector<Part> expected = {{"a", "-", "", content}};
    CHECK(parts_of(text) == expected);
    for (std::size_t cut = 1; cut < text.size(); ++cut) {
      CHECK(parts_of(pieces_of(text, {cut, cut + 1}), "xyz") == expected);
    }
  }
}

TEST_CASE("Odd forms that are sent and allowed") {
  const std::vector<Part> one = {{"a", "-", "", "1"}};
  SECTION("no line end after the last boundary") {
    CHECK(parts_of(field + "1\r\n--xyz--") == one);
  }
  SECTION("an epilogue") {
    CHECK(parts_of(field + "1\r\n--xyz--\r\nmore\r\n--xyz\r\n") == one);
    CHECK(parts_of(field + "1\r\n--xyz--more") == one);
  }
  SECTION("a preamble") {
    CHECK(parts_of("\r\n" + field + "1\r\n--xyz--") == one);
    CHECK(parts_of("This is MIME.\r\n--xy\r\n" + field + "1\r\n--xyz--") ==
          one);
    CHECK(parts_of("--xyzx\r\n" + field + "1\r\n--xyz--") == one);
  }
  SECTION("blanks behind a boundary") {
    CHECK(parts_of("--xyz \t\r\n" + field_head + "1\r\n--xyz  \r\n" +
                   field_head + "1\r\n--xyz--") ==
          std::vector<Part>{one[0], one[0]});
  }
  SECTION("no parts at all") {
    CHECK(parts_of("--xyz--\r\n").empty());
    CHECK(parts_of("preamble\r\n--xyz--").empty());
  }
  SECTION("a part without content, and one without even its line") {
    const std::vector<Part> empty = {{"a", "-", "", ""}};
    CHECK(parts_of(field + "\r\n--xyz--") == empty);
    const std::string text = field + "--xyz--";
    CHECK(parts_of(text) == empty);
    for (std::size_t cut = 1; cut < text.size(); ++cut) {
      CHECK(parts_of(pieces_of(text, {cut}), "xyz") == empty);
    }
  }
  SECTION("names of headers in any case, further headers, tokens") {
    CHECK(
        parts_of("--xyz\r\nX-Other: 1\r\ncontent-TYPE:text/x\r\n"
                 "content-disposition:FORM-data;Name=a\r\n\r\n1\r\n--xyz--") ==
        std::vector<Part>{{"a", "-", "text/x", "1"}});
  }
  SECTION("a field of no name, and bytes of any kind") {
    const std::string content("\0\xFF\r\n-", 5);
    CHECK(
        parts_of("--xyz\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n" +
                 content + "\r\n--xyz--") ==
        std::vector<Part>{{"", "-", "", content}});
  }
}

std::string filename_of(const std::string& parameters) {
  const auto parts =
      parts_of("--xyz\r\nContent-Disposition: form-data; name=\"a\"; " +
               parameters + "\r\n\r\n1\r\n--xyz--");
  REQUIRE(parts.size() == 1);
  return parts[0].filename;
}

TEST_CASE("Names of files as clients write them") {
  CHECK(filename_of(R"(filename="a.txt")") == "a.txt");
  CHECK(filename_of(R"(filename=a.txt)") == "a.txt");
  CHECK(filename_of(R"(filename="a;b.txt")") == "a;b.txt");
  // curl before 7.81; browsers, and curl since.
  CHECK(filename_of(R"(filename="a\"b\\c.txt")") == R"(a"b\c.txt)");
  CHECK(filename_of(R"(filename="a%22b.txt")") == "a%22b.txt");
  // Windows, of old.
  CHECK(filename_of(R"(filename="C:\temp\new.txt")") == R"(C:\temp\new.txt)");
  CHECK(filename_of(R"(filename="dir\")") == R"(dir\)");
  CHECK(filename_of("filename=\"\xE6\x97\xA5.txt\"") == "\xE6\x97\xA5.txt");
  CHECK(filename_of("filename=\"caf\xE9\"") == "caf\xE9");
  CHECK(filename_of("filename=\"x\"; filename*=UTF-8''na%C3%AFve%20%22.txt") ==
        "na\xC3\xAFve \".txt");
  CHECK(filename_of("filename*=utf-8'en'a.txt; filename=\"x\"") == "a.txt");
  CHECK(filename_of("filename=\"x\"; filename*=KOI8-R''%C1.txt") == "x");
}

TEST_CASE("What is no form-data is refused with 400") {
  const std::string end = "\r\n\r\n1\r\n--xyz--";
  const std::string part = "--xyz\r\n";
  const std::string disposition = "Content-Disposition: form-data; ";
  CHECK(status_of("") == 400);
  CHECK(status_of("no boundary") == 400);
  CHECK(status_of("--xyz") == 400);
  CHECK(status_of(field) == 400);
  CHECK(status_of(field + "1\r\n--xyz") == 400);
  CHECK(status_of(field + "1\r\n--xyz\r\n") == 400);
  CHECK(status_of(field + "1\r\n--xyz-") == 400);
  CHECK(status_of(part + end) == 400);
  CHECK(status_of(part + "Content-Type: text/plain" + end) == 400);
  CHECK(status_of(part + "Content-Disposition: attachment; name=\"a\"" + end) ==
        400);
  CHECK(status_of(part + disposition + "filename=\"a\"" + end) == 400);
  CHECK(status_of(part + disposition + "name=\"a\"; name=\"b\"" + end) == 400);
  CHECK(status_of(part + disposition + "name=\"a" + end) == 400);
  CHECK(status_of(part + disposition + "name=\"a\"; x" + end) == 400);
  CHECK(status_of(part + disposition + "name=\"a\"\r\n" + disposition +
                  "name=\"b\"" + end) == 400);
  CHECK(status_of(part + disposition + "name=\"a\x01\"" + end) == 400);
  CHECK(status_of(part + "no header" + end) == 400);
  CHECK(status_of(part + disposition + "\r\n name=\"a\"" + end) == 400);
  // Lines end in CRLF: a reader that takes LF too sees other parts.
  CHECK(status_of("--xyz\nContent-Disposition: form-data; name=\"a\"\n\n1\n"
                  "--xyz--\n") == 400);
}

TEST_CASE("A coded part is refused with 415, a plain one is not") {
  const auto with = [](const std::string& coding) {
    return status_of("--xyz\r\nContent-Transfer-Encoding: " + coding + "\r\n" +
                     field_head + "1\r\n--xyz--");
  };
  CHECK(with("base64") == 415);
  CHECK(with("quoted-printable") == 415);
  CHECK(with("8bit") == 200);
  CHECK(with("Binary") == 200);
}

TEST_CASE("A head that is too long is refused with 413 before it is kept") {
  const std::string part = "--xyz\r\nX: ";
  const std::size_t most = MultipartReader::most_head_bytes;
  const std::string rest = "\r\n" + field_head + "1\r\n--xyz--";
  const std::string fits(most - field_head.size() - 3, 'x');
  CHECK(status_of(part + fits + rest) == 200);
  CHECK(status_of(part + fits + "xxxx" + rest) == 413);
  // To the byte, however it comes.
  for (const std::size_t more : {0U, 1U}) {
    const std::string head = "X: " + std::string(most - 3 + more, 'x');
    const std::string text = "--xyz\r\n" + head + "\r\n\r\n";
    for (const std::size_t size : {1U, 4U, 8192U}) {
      int status = 200;
      try {
        parts_of(pieces_of(text, {}, size), "xyz");
      } catch (const FormError& error) {
        status = error.status();
      }
      CHECK(status == (more == 0 ? 400 : 413));  // without a name, or too long
    }
  }
  CHECK(status_of(part + std::string(1 << 20, 'x')) == 413);
}

TEST_CASE("A preamble has an end") {
  const std::string rest = "\r\n" + field + "1\r\n--xyz--";
  CHECK(status_of(std::string(MultipartReader::most_head_bytes, 'x') + rest) ==
        200);
  CHECK(status_of(std::string(MultipartReader::most_head_bytes + 1, 'x') +
                  rest) == 400);
}

TEST_CASE("A part that nobody reads is passed over") {
  const std::string text =
      field + "1\r\n--xyz\r\n" + field_head + "2\r\n--xyz--";
  MultipartReader reader(pieces_of(text), "xyz");
  REQUIRE(reader.next_part() != nullptr);
  REQUIRE(reader.next_part() != nullptr);
  CHECK(reader.read() == "2");
  CHECK(reader.next_part() == nullptr);
  CHECK(reader.read().empty());
}

TEST_CASE("A boundary is found in the type") {
  const auto boundary = [](const char* type) {
    return multipart_boundary(type).value_or("none");
  };
  CHECK(boundary("multipart/form-data; boundary=xyz") == "xyz");
  CHECK(boundary("Multipart/Form-Data;charset=utf-8; BOUNDARY=\"x y:z\"") ==
        "x y:z");
  CHECK(boundary("multipart/form-data ; boundary=a=b") == "a=b");
  CHECK(boundary("text/plain; boundary=xyz") == "none");
  CHECK(boundary("multipart/form-database; boundary=xyz") == "none");
  CHECK(boundary("") == "none");
  for (const char* const type :
       {"multipart/form-data", "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"x \"",
        "multipart/form-data; boundary=x[]",
        "multipart/form-data; boundary=\"x\r\ny\"",
        "multipart/form-data; boundary="
        "12345678901234567890123456789012345678901234567890"
        "123456789012345678901"}) {
    CAPTURE(type);
    CHECK_THROWS_AS(multipart_boundary(type), FormError);
  }
}

TEST_CASE("A name of a file is made safe for a folder") {
  CHECK(safe_name("a b.txt") == "a b.txt");
  CHECK(safe_name("../../etc/passwd") == "passwd");
  CHECK(safe_name(R"(C:\temp\new.txt)") == "new.txt");
  CHECK(safe_name("..") == "file");
  CHECK(safe_name(".htaccess") == "htaccess");
  CHECK(safe_name("") == "file");
  CHECK(safe_name("dir/") == "file");
  CHECK(safe_name("a\r\nb\x7F") == "ab");
  CHECK(safe_name(std::string(300, 'x')).size() == 255);
  std::string wide = std::string(254, 'x') + "\xC3\xA9";
  CHECK(safe_name(wide) == std::string(254, 'x'));
}

TEST_CASE("A multipart form that is written is read again") {
  MultipartWriter writer("xyz");
  writer.add("a", "1\r\n--xy");
  writer.add_file("f", "a\"b\r\n.txt", "text/plain", "two\r\n");
  CHECK(multipart_boundary(writer.content_type()) == std::string("xyz"));
  CHECK(parts_of(writer.text()) ==
        std::vector<Part>{{"a", "-", "", "1\r\n--xy"},
                          {"f", "a%22b%0D%0A.txt", "text/plain", "two\r\n"}});
}

}  // namespace
}  // namespace decant::web
