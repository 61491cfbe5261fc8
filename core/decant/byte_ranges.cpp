// SPDX-License-Identifier: MIT
#include "decant/byte_ranges.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "decant/field_value.hpp"
#include "decant/headers.hpp"
#include "decant/http_date.hpp"
#include "decant/number.hpp"
#include "decant/random_text.hpp"

namespace decant {
namespace {

using Kind = ByteRange::Kind;

bool may_range(const Environ& env, const Validators& validators) {
  if (!env.contains("HTTP_IF_RANGE")) return true;
  const std::string_view wanted = trimmed(env["HTTP_IF_RANGE"]);
  if (wanted.starts_with('"')) return wanted == validators.etag;
  const auto date = parse_http_date(wanted);
  return date && *date == validators.modified;
}

/// "0-4", "5-" or "-3", of `size` bytes (RFC 9110 section 14.1.2); all of it
/// for what is none.
ByteRange parse_range(std::string_view text, std::uint64_t size) {
  const ByteRange whole{.size = size};
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return whole;
  const auto first = parse_number<std::uint64_t>(text.substr(0, dash));
  const auto last = parse_number<std::uint64_t>(text.substr(dash + 1));
  const bool is_open = dash + 1 == text.size();
  if (dash == 0 && last) {  // of the end
    const std::uint64_t part = std::min(*last, size);
    if (part == 0) return {.kind = Kind::unsatisfiable};
    return {Kind::part, size - part, part};
  }
  if (!first || (!last && !is_open) || (last && *last < *first)) return whole;
  if (*first >= size) return {.kind = Kind::unsatisfiable};
  const std::uint64_t end = last ? std::min(*last, size - 1) : size - 1;
  return {Kind::part, *first, end - *first + 1};
}

bool touch(const ByteRange& a, const ByteRange& b) {
  return a.first <= b.first + b.size && b.first <= a.first + a.size;
}

/// Adds a part. Those that it touches become one with it, at the place of the
/// first of them.
void add_part(std::vector<ByteRange>& parts, ByteRange part) {
  const auto touches = [&part](const ByteRange& it) { return touch(it, part); };
  auto place = parts.end();
  // What has grown may touch another.
  for (auto found = std::find_if(parts.begin(), parts.end(), touches);
       found != parts.end();
       found = std::find_if(parts.begin(), parts.end(), touches)) {
    const std::uint64_t end =
        std::max(found->first + found->size, part.first + part.size);
    part.first = std::min(found->first, part.first);
    part.size = end - part.first;
    place = parts.erase(found);
  }
  parts.insert(place, part);
}

}  // namespace

ByteRanges asked_ranges(const Environ& env, const Validators& validators,
                        std::uint64_t size) {
  constexpr std::string_view unit = "bytes=";
  std::string_view list = trimmed(env["HTTP_RANGE"]);
  if (!list.starts_with(unit) || !may_range(env, validators)) return {};
  list.remove_prefix(unit.size());
  ByteRanges ranges;
  std::size_t count = 0;
  while (!list.empty()) {
    const std::string_view element = take_element(list, ',');
    // RFC 9110 section 5.6.1.2: empty elements are passed over.
    if (element.empty()) continue;
    const ByteRange range = parse_range(element, size);
    if (range.kind == Kind::whole || ++count > most_ranges) return {};
    if (range.kind == Kind::part) add_part(ranges.parts, range);
  }
  if (count == 0) return {};
  ranges.kind = ranges.parts.empty() ? Kind::unsatisfiable : Kind::part;
  return ranges;
}

ByteRange asked_range(const Environ& env, const Validators& validators,
                      std::uint64_t size) {
  const ByteRanges ranges = asked_ranges(env, validators, size);
  if (ranges.parts.size() == 1) return ranges.parts.front();
  if (ranges.kind == Kind::unsatisfiable) return {.kind = ranges.kind};
  return {.size = size};
}

std::string content_range(const ByteRange& range, std::uint64_t size) {
  return "bytes " + std::to_string(range.first) + '-' +
         std::to_string(range.first + range.size - 1) + '/' +
         std::to_string(size);
}

MultipartRanges::MultipartRanges(std::vector<ByteRange> parts,
                                 std::string_view type, std::uint64_t size)
    : parts_(std::move(parts)), boundary_(random_text()) {
  // RFC 2046 section 5.1.1: the line break in front belongs to the boundary.
  std::string start = "--" + boundary_ + "\r\n";
  if (!type.empty()) start.append("Content-Type: ").append(type) += "\r\n";
  for (const ByteRange& part : parts_) {
    heads_.push_back((heads_.empty() ? "" : "\r\n") + start +
                     "Content-Range: " + content_range(part, size) +
                     "\r\n\r\n");
  }
  tail_ = "\r\n--" + boundary_ + "--\r\n";
}

std::string MultipartRanges::content_type() const {
  return "multipart/byteranges; boundary=" + boundary_;
}

std::uint64_t MultipartRanges::content_length() const {
  std::uint64_t length = tail_.size();
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    length += heads_[i].size() + parts_[i].size;
  }
  return length;
}

}  // namespace decant
