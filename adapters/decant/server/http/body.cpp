// SPDX-License-Identifier: MIT
#include "decant/server/http/body.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "decant/headers.hpp"

namespace decant::http {
namespace {

constexpr std::size_t most_digits = 16;
/// Extensions and trailers are dropped (RFC 9112 section 7.1.1 and RFC 9110
/// section 6.5): so many bytes are read for it.
constexpr std::size_t most_extension = 1024;
constexpr std::size_t most_extensions = 16384;
constexpr std::size_t most_trailers = 8192;
constexpr std::uint64_t most_skipped = 262144;
/// A chunk beyond what an offset in a file can be is none.
constexpr std::uint64_t largest_chunk = ~std::uint64_t{0} >> 1U;

}  // namespace

void Body::begin(std::optional<std::uint64_t> length, bool chunked,
                 bool holds_back) noexcept {
  reset();
  left_ = length.value_or(0);
  chunked_ = chunked;
  holds_back_ = holds_back;
  ended_ = !chunked && left_ == 0;
  mark_ = Mark::size;
  extensions_ = trailers_ = 0;
}

bool Body::is_skippable() const noexcept {
  return sound_ &&
         (ended_ || (!chunked_ && !holds_back_ && left_ <= most_skipped));
}

void Body::ask() {
  if (!std::exchange(holds_back_, false)) return;
  answers_ += "HTTP/1.1 100 Continue\r\n\r\n";
}

std::string_view Body::next(std::string_view& in, std::size_t most) {
  if (ended_ || !sound_) return {};
  while (left_ == 0) {
    if (!take_mark(in)) return {};
  }
  const std::size_t size = static_cast<std::size_t>(
      std::min<std::uint64_t>(left_, std::min(most, in.size())));
  const std::string_view piece = in.substr(0, size);
  in.remove_prefix(size);
  took(size);
  return piece;
}

void Body::took(std::size_t size) noexcept {
  left_ -= size;
  if (size != 0 && left_ == 0) {
    mark_ = Mark::end;
    ended_ = !chunked_;
  }
}

/// Takes the next line between two pieces. False when it has not come as a
/// whole, at the end of the body, and when there is no making sense of it.
bool Body::take_mark(std::string_view& in) {
  const std::size_t end = in.find('\n');
  const std::string_view seen = in.substr(0, end);
  // The longest line there may be, with the CR that ends it.
  const std::size_t most = mark_ == Mark::end    ? 1
                           : mark_ == Mark::size ? most_digits + most_extension
                                                 : most_trailers;
  if (seen.size() > most + 1) return fail();
  // A CR is the last of a line.
  if (const std::size_t cr = seen.find('\r');
      cr != std::string_view::npos && cr + 1 != seen.size()) {
    return fail();
  }
  if (mark_ == Mark::end && !seen.empty() && seen != "\r") return fail();
  if (end == std::string_view::npos) return false;
  if (!seen.ends_with('\r')) return fail();
  const std::string_view line = seen.substr(0, seen.size() - 1);
  in.remove_prefix(end + 1);
  switch (mark_) {
    case Mark::end:
      mark_ = Mark::size;
      return true;
    case Mark::size:
      return take_size(line);
    case Mark::trailer:
      return take_trailer(line);
  }
  return fail();
}

bool Body::take_size(std::string_view line) {
  const std::size_t digits = std::min(line.find(';'), line.size());
  std::uint64_t size = 0;
  const char* const last = line.data() + digits;
  const auto [end, error] = std::from_chars(line.data(), last, size, 16);
  // from_chars would take a sign.
  if (digits == 0 || digits > most_digits || line.front() == '-' ||
      error != std::errc{} || end != last || size > largest_chunk) {
    return fail();
  }
  const std::string_view extension = line.substr(digits);
  extensions_ += extension.size();
  if (!is_field_value(extension) || extension.size() > most_extension ||
      extensions_ > most_extensions) {
    return fail();
  }
  left_ = size;
  mark_ = size == 0 ? Mark::trailer : Mark::end;
  return true;
}

bool Body::take_trailer(std::string_view line) {
  if (line.empty()) {
    ended_ = true;
    return false;
  }
  trailers_ += line.size();
  const std::size_t colon = std::min(line.find(':'), line.size());
  if (colon == line.size() || !is_token(line.substr(0, colon)) ||
      !is_field_value(line.substr(colon + 1)) || trailers_ > most_trailers) {
    return fail();
  }
  return true;
}

}  // namespace decant::http
