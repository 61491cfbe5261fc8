// SPDX-License-Identifier: MIT
// multipart/form-data: however a body is cut, it says the same; and what is
// found in it, written again, is found again. The boundary is "xyz".
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "decant/headers.hpp"
#include "decant/web/form_error.hpp"
#include "decant/web/multipart.hpp"
#include "target.hpp"

namespace decant::web {

using fuzz::require;

namespace {

constexpr const char* boundary = "xyz";
constexpr std::size_t most_head = 256;

struct Part {
  std::string name;
  std::optional<std::string> filename;
  std::string type;
  std::string content;
  bool operator==(const Part&) const = default;
};

struct Seen {
  std::vector<Part> parts;
  int status = 200;
  bool operator==(const Seen&) const = default;
};

/// The parts of a body that comes `most` bytes at a time.
Seen read(std::string_view body, std::size_t most) {
  Seen seen;
  const auto source = [&](std::span<char> buffer) {
    const std::size_t size = std::min({buffer.size(), most, body.size()});
    body.copy(buffer.data(), size);
    body.remove_prefix(size);
    return size;
  };
  try {
    MultipartReader reader(source, boundary, most_head);
    while (const PartHead* const head = reader.next_part()) {
      seen.parts.push_back(
          {head->name, head->filename, head->content_type, {}});
      for (auto data = reader.read(); !data.empty(); data = reader.read()) {
        seen.parts.back().content += data;
      }
    }
  } catch (const FormError& error) {
    seen.status = error.status();
    require(
        error.status() == 400 || error.status() == 413 || error.status() == 415,
        "another status");
  }
  return seen;
}

void check(const Part& part) {
  require(is_field_value(part.name), "a name holds control characters");
  require(part.name.size() <= most_head, "a name is longer than its head");
  const std::string name = safe_name(part.filename.value_or(""));
  require(!name.empty() && name.size() <= 255, "a safe name has no size");
  require(name.find('/') == std::string::npos && name.front() != '.',
          "a safe name leads elsewhere");
  const bool as_written = part.content.find("\r\n--xyz") == std::string::npos;
  require(as_written || part.content.size() > 7, "a boundary is content");
}

/// True when a boundary of `content` would be taken for one.
bool holds_boundary(const std::string& content) {
  const std::string text = "\r\n" + content;
  std::size_t at = 0;
  while ((at = text.find("\r\n--xyz", at)) != std::string::npos) {
    at += 7;
    if (at == text.size()) return true;
    if (std::string_view("- \t\r").find(text[at]) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

/// What a browser can send of it is read as it was.
void check_round_trip(const Seen& seen) {
  MultipartWriter writer(boundary);
  std::vector<Part> expected;
  for (const Part& part : seen.parts) {
    constexpr std::string_view escaped = "\"\\";
    const bool plain = part.name.find_first_of(escaped) == std::string::npos &&
                       part.filename.value_or("").find_first_of(escaped) ==
                           std::string::npos &&
                       !holds_boundary(part.content);
    if (!plain) continue;
    expected.push_back(part);
    if (part.filename) {
      writer.add_file(part.name, *part.filename, part.type, part.content);
    } else {
      writer.add(part.name, part.content);
      expected.back().type.clear();
    }
  }
  for (Part& part : expected) {
    // Percent-decoding of filename* may have brought what is escaped again.
    if (part.filename && !is_field_value(*part.filename)) return;
  }
  const Seen again = read(writer.text(), 4096);
  if (again.status == 413) return;  // the head is longer than before
  require(again.parts == expected, "what is written is read differently");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view body = fuzz::text_of(data, size);
  const Seen whole = read(body, std::string::npos);
  require(whole == read(body, 1), "it depends on the size of the pieces");
  require(whole == read(body, 7), "it depends on the size of the pieces");
  for (const Part& part : whole.parts) check(part);
  check_round_trip(whole);
  return 0;
}

}  // namespace decant::web
