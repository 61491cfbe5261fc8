// SPDX-License-Identifier: MIT
#include "decant/web/part_head.hpp"

#include <algorithm>

#include "decant/field_value.hpp"
#include "decant/path.hpp"
#include "decant/text.hpp"
#include "decant/web/form_error.hpp"

namespace decant::web {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw FormError("multipart: " + what);
}

/// RFC 2046 section 5.1.1: bchars, of which the last is no space.
bool is_boundary(std::string_view text) {
  constexpr std::size_t longest = 70;
  return !text.empty() && text.size() <= longest && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                  (c >= 'A' && c <= 'Z') ||
                  std::string_view("'()+_,-./:=? ").find(c) !=
                      std::string_view::npos;
         });
}

/// "UTF-8''na%C3%AFve" (RFC 8187 section 3.2), nothing for another charset.
/// RFC 7578 section 4.2 forbids it here, and it comes all the same.
std::optional<std::string> extended_value(std::string_view text) {
  const std::size_t charset = text.find('\'');
  if (charset == std::string_view::npos ||
      !equals_ignoring_case(text.substr(0, charset), "UTF-8")) {
    return std::nullopt;
  }
  const std::size_t language = text.find('\'', charset + 1);
  if (language == std::string_view::npos) return std::nullopt;
  return percent_decoded(text.substr(language + 1));
}

void read_disposition(std::string_view value, PartHead& head) {
  const std::size_t end = std::min(value.find(';'), value.size());
  if (!equals_ignoring_case(trimmed(value.substr(0, end)), "form-data")) {
    refuse("a part is no form-data but " + quoted(value));
  }
  std::string_view rest = value.substr(end);
  bool named = false;
  std::optional<std::string> extended;
  for (Parameter parameter; take_parameter(rest, parameter);) {
    if (equals_ignoring_case(parameter.name, "name")) {
      if (named) refuse("a part has two names");
      named = true;
      head.name = std::move(parameter.value);
    } else if (equals_ignoring_case(parameter.name, "filename")) {
      if (head.filename) refuse("a part has two names of files");
      head.filename = std::move(parameter.value);
    } else if (equals_ignoring_case(parameter.name, "filename*")) {
      extended = extended_value(parameter.value);
    }
  }
  if (!rest.empty()) refuse("a Content-Disposition cannot be read");
  if (!named) refuse("a part has no name");
  if (extended) head.filename = std::move(extended);
}

/// RFC 7578 section 4.7: nobody is to send it; what is coded is not decoded.
void check_transfer_encoding(std::string_view value) {
  for (const char* const plain : {"7bit", "8bit", "binary"}) {
    if (equals_ignoring_case(value, plain)) return;
  }
  throw FormError("multipart: a part comes with the transfer encoding " +
                      quoted(value) + ", which forms do not have",
                  415);
}

}  // namespace

PartHead parse_part_head(std::string_view text) {
  constexpr std::string_view line_end = "\r\n";
  PartHead head;
  bool disposed = false;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find(line_end));
    text.remove_prefix(line.size() + line_end.size());
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    if (colon == std::string_view::npos || !is_token(name) ||
        !is_field_value(line)) {
      refuse("a part has a header that is none: " + quoted(line));
    }
    const std::string_view value = trimmed(line.substr(colon + 1));
    head.headers.emplace_back(name, value);
    if (equals_ignoring_case(name, "Content-Disposition")) {
      if (disposed) refuse("a part has two Content-Dispositions");
      disposed = true;
      read_disposition(value, head);
    } else if (equals_ignoring_case(name, "Content-Type")) {
      head.content_type = value;
    } else if (equals_ignoring_case(name, "Content-Transfer-Encoding")) {
      check_transfer_encoding(value);
    }
  }
  if (!disposed) refuse("a part has no Content-Disposition");
  return head;
}

std::string safe_name(std::string_view filename) {
  std::size_t most = 255;
  filename = filename.substr(filename.find_last_of("/\\") + 1);
  std::string name;
  for (const char c : filename) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F) name += c;
  }
  name.erase(0, name.find_first_not_of(". "));
  if (name.size() > most) {  // not in the middle of a character of UTF-8
    while (most > 0 && (static_cast<unsigned char>(name[most]) >> 6U) == 2) {
      --most;
    }
    name.resize(most);
  }
  return name.empty() ? "file" : name;
}

std::optional<std::string> multipart_boundary(std::string_view content_type) {
  const std::size_t end = std::min(content_type.find(';'), content_type.size());
  if (!equals_ignoring_case(trimmed(content_type.substr(0, end)),
                            "multipart/form-data")) {
    return std::nullopt;
  }
  std::string_view rest = content_type.substr(end);
  for (Parameter parameter; take_parameter(rest, parameter);) {
    if (!equals_ignoring_case(parameter.name, "boundary")) continue;
    if (!is_boundary(parameter.value)) break;
    return std::move(parameter.value);
  }
  refuse("Content-Type " + quoted(content_type) + " has no usable boundary");
}

}  // namespace decant::web
