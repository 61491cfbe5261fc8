// SPDX-License-Identifier: MIT
#include "decant/web/multipart.hpp"

#include <algorithm>
#include <cstring>

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

MultipartParser::MultipartParser(std::string_view boundary,
                                 std::size_t most_head)
    : delimiter_("\r\n--" + std::string(boundary)), most_head_(most_head) {}

MultipartParser::Event MultipartParser::next(std::string_view& in) {
  for (;;) {
    switch (state_) {
      case State::start:
        if (!pass_start(in)) return Event::more;
        break;
      case State::preamble: {
        // RFC 2046 section 5.1.1: to be ignored.
        const Event event = next_content(in);
        if (event == Event::more) return event;
        if (event == Event::data) count_preamble();
        break;
      }
      case State::head:
        return next_head(in);
      case State::content_start:
        if (!pass_content_start(in)) return Event::more;
        break;
      case State::content:
        return next_content(in);
      case State::end:
        in = {};
        return Event::end;
    }
  }
}

/// The first delimiter has no line before it.
bool MultipartParser::pass_start(std::string_view& in) {
  const std::string_view first =
      std::string_view(delimiter_).substr(line_end.size());
  const auto size = delimiter_size(in, first);
  if (!size) return false;
  if (*size == 0) {
    state_ = State::preamble;
  } else {
    pass_delimiter(in, first.size(), *size);
  }
  return true;
}

/// The line that ends a head may be the delimiter's own: a part without
/// content.
bool MultipartParser::pass_content_start(std::string_view& in) {
  const auto size = delimiter_size(in, delimiter_);
  if (!size) return false;
  if (*size == 0) in.remove_prefix(line_end.size());
  state_ = State::content;
  return true;
}

/// Takes one that delimiter_size() has seen.
void MultipartParser::pass_delimiter(std::string_view& in,
                                     std::size_t boundary_end,
                                     std::size_t size) {
  const bool is_last = in.substr(boundary_end).starts_with("--");
  state_ = is_last ? State::end : State::head;
  in.remove_prefix(size);
}

/// Nobody writes one; without a boundary the whole body would be one.
void MultipartParser::count_preamble() {
  preamble_ += data_.size();
  if (preamble_ > most_head_) refuse("there is no boundary where parts begin");
}

/// How long the delimiter is with which `in` begins, up to the end of its line
/// or to that of "--"; 0 when it is none, nothing when that is not yet known.
std::optional<std::size_t> MultipartParser::delimiter_size(
    std::string_view in, std::string_view delimiter) {
  if (in.size() < delimiter.size() && delimiter.starts_with(in)) return {};
  if (!in.starts_with(delimiter)) return 0;
  in.remove_prefix(delimiter.size());
  if (in.empty() || in == "-") return {};
  if (in.starts_with("--")) return delimiter.size() + 2;
  const std::size_t blanks = std::min(in.find_first_not_of(" \t"), in.size());
  if (blanks > most_padding) return 0;
  const std::string_view rest = in.substr(blanks);
  if (rest.starts_with(line_end)) {
    return delimiter.size() + blanks + line_end.size();
  }
  if (line_end.starts_with(rest)) return {};
  return 0;
}

MultipartParser::Event MultipartParser::next_content(std::string_view& in) {
  std::size_t size = find(in, delimiter_);
  if (size == 0) {
    const auto whole = delimiter_size(in, delimiter_);
    if (!whole) return Event::more;
    if (*whole != 0) {
      pass_delimiter(in, delimiter_.size(), *whole);
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
  // Where the end has not come, it may have begun to.
  const bool is_long = end == std::string_view::npos
                           ? in.size() >= most_head_ + head_end.size()
                           : end > most_head_;
  if (is_long) {
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
