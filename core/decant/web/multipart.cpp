// SPDX-License-Identifier: MIT
#include "decant/web/multipart.hpp"

#include <algorithm>
#include <cstring>

#include "decant/field_value.hpp"
#include "decant/path.hpp"
#include "decant/text.hpp"
#include "decant/web/form_error.hpp"

namespace decant::web {
namespace {

/// Two reads of a pipe, and what still lies in a processor's second cache.
constexpr std::size_t buffer_size = 131072;
/// RFC 2046 section 5.1.1, "transport-padding": nobody sends any.
constexpr std::size_t most_padding = 64;
constexpr std::string_view line_end = "\r\n";

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

/// std::string_view::find() compares at each first byte; this leaps.
std::size_t find(std::string_view text, std::string_view what) {
  if (text.size() < what.size()) return std::string_view::npos;
  const void* const at =
      ::memmem(text.data(), text.size(), what.data(), what.size());
  return at == nullptr ? std::string_view::npos
                       : static_cast<std::size_t>(static_cast<const char*>(at) -
                                                  text.data());
}

/// How many bytes at the end of `text` may be the beginning of `what`.
std::size_t beginning_at_end(std::string_view text, std::string_view what) {
  std::string_view tail =
      text.substr(text.size() - std::min(text.size(), what.size() - 1));
  for (;;) {
    const std::size_t at = tail.find(what.front());
    if (at == std::string_view::npos) return 0;
    tail.remove_prefix(at);
    if (what.starts_with(tail)) return tail.size();
    tail.remove_prefix(1);
  }
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

/// Lines, each ended by CRLF.
PartHead parse_part_head(std::string_view text) {
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

/// As browsers do (HTML, "multipart/form-data encoding algorithm").
std::string escaped_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '"') {
      out += "%22";
    } else if (c == '\r') {
      out += "%0D";
    } else if (c == '\n') {
      out += "%0A";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

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

MultipartParser::MultipartParser(std::string_view boundary,
                                 std::size_t most_head)
    : delimiter_("\r\n--" + std::string(boundary)), most_head_(most_head) {}

MultipartParser::Event MultipartParser::next(std::string_view& in) {
  for (;;) {
    switch (state_) {
      case State::start: {
        // The first delimiter has no line before it.
        const std::string_view first =
            std::string_view(delimiter_).substr(line_end.size());
        if (in.size() < first.size() && first.starts_with(in)) {
          return Event::more;
        }
        state_ = State::preamble;
        if (!in.starts_with(first)) break;
        const auto size = delimiter_end(in.substr(first.size()));
        if (!size) {
          state_ = State::start;
          return Event::more;
        }
        if (*size == 0) break;
        in.remove_prefix(first.size());
        state_ = in.starts_with("--") ? State::end : State::head;
        in.remove_prefix(*size);
        break;
      }
      case State::preamble: {
        // RFC 2046 section 5.1.1: to be ignored.
        const Event event = next_content(in);
        if (event == Event::more) return event;
        break;
      }
      case State::head:
        return next_head(in);
      case State::content_start:
        // The line that ends the head may be the delimiter's own: a part
        // without content.
        if (in.size() < delimiter_.size() && delimiter_.starts_with(in)) {
          return Event::more;
        }
        state_ = State::content;
        if (!in.starts_with(delimiter_)) in.remove_prefix(line_end.size());
        break;
      case State::content:
        return next_content(in);
      case State::end:
        in = {};
        return Event::end;
    }
  }
}

/// How many bytes follow a boundary up to the end of its line, or to that of
/// "--"; 0 when it is no delimiter, nothing when that is not yet known.
std::optional<std::size_t> MultipartParser::delimiter_end(
    std::string_view in) const {
  if (in.empty() || in == "-") return std::nullopt;
  if (in.starts_with("--")) return 2;
  const std::size_t blanks = std::min(in.find_first_not_of(" \t"), in.size());
  if (blanks > most_padding) return 0;
  const std::string_view rest = in.substr(blanks);
  if (rest.starts_with(line_end)) return blanks + line_end.size();
  if (line_end.starts_with(rest)) return std::nullopt;
  return 0;
}

MultipartParser::Event MultipartParser::next_content(std::string_view& in) {
  std::size_t size = find(in, delimiter_);
  if (size == 0) {
    const std::string_view behind = in.substr(delimiter_.size());
    const auto line = delimiter_end(behind);
    if (!line) return Event::more;
    if (*line != 0) {
      in = behind.substr(*line);
      state_ = behind.starts_with("--") ? State::end : State::head;
      return Event::closed;
    }
    size = delimiter_.size();  // it only looked like one
  } else if (size == std::string_view::npos) {
    size = in.size() - beginning_at_end(in, delimiter_);
    if (size == 0) return Event::more;
  }
  data_ = in.substr(0, size);
  in.remove_prefix(size);
  return Event::data;
}

MultipartParser::Event MultipartParser::next_head(std::string_view& in) {
  constexpr std::string_view head_end = "\r\n\r\n";
  if (in.starts_with(line_end)) refuse("a part has no headers");
  const std::size_t end = in.find(head_end);
  if (std::min(end, in.size()) > most_head_) {
    throw FormError("multipart: the head of a part is longer than " +
                        std::to_string(most_head_) + " bytes",
                    413);
  }
  if (end == std::string_view::npos) return Event::more;
  head_ = parse_part_head(in.substr(0, end + line_end.size()));
  in.remove_prefix(end + line_end.size());
  state_ = State::content_start;
  return Event::head;
}

MultipartReader::MultipartReader(ReadBytes read, std::string_view boundary,
                                 std::size_t most_head)
    : read_(std::move(read)),
      parser_(boundary, most_head),
      buffer_(std::max(buffer_size, 2 * parser_.most_left())) {}

MultipartParser::Event MultipartReader::next() {
  for (;;) {
    const MultipartParser::Event event = parser_.next(left_);
    if (event != MultipartParser::Event::more) return event;
    const std::size_t kept = left_.size();
    if (kept != 0) std::memmove(buffer_.data(), left_.data(), kept);
    const std::size_t got = read_(std::span(buffer_).subspan(kept));
    if (got == 0) refuse("the body ends before its last boundary");
    left_ = {buffer_.data(), kept + got};
  }
}

const PartHead* MultipartReader::next_part() {
  for (;;) {
    switch (next()) {
      case MultipartParser::Event::head:
        in_part_ = true;
        return &parser_.head();
      case MultipartParser::Event::end:
        in_part_ = false;
        return nullptr;
      default:
        break;
    }
  }
}

std::string_view MultipartReader::read() {
  if (!in_part_) return {};
  if (next() == MultipartParser::Event::data) return parser_.data();
  in_part_ = false;
  return {};
}

void MultipartWriter::add_part(std::string_view name, std::string_view further,
                               std::string_view content) {
  text_.append("--").append(boundary_).append(
      "\r\nContent-Disposition: form-data; name=\"");
  text_.append(escaped_name(name)).append("\"").append(further);
  text_.append("\r\n\r\n").append(content).append(line_end);
}

void MultipartWriter::add(std::string_view name, std::string_view value) {
  add_part(name, "", value);
}

void MultipartWriter::add_file(std::string_view name, std::string_view filename,
                               std::string_view content_type,
                               std::string_view content) {
  add_part(name,
           "; filename=\"" + escaped_name(filename) +
               "\"\r\nContent-Type: " + std::string(content_type),
           content);
}

}  // namespace decant::web
