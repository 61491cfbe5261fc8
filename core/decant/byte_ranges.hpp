// SPDX-License-Identifier: MIT
// Ranges of bytes: which are asked for, and how several lie in one content (RFC
// 9110 section 14).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "decant/environ.hpp"
#include "decant/preconditions.hpp"

namespace decant {

/// How many parts a response has at most. Who asks for more is sent the whole
/// (RFC 9110 section 14.2).
inline constexpr std::size_t most_ranges = 16;

struct ByteRange {
  enum class Kind { whole, part, unsatisfiable };
  Kind kind = Kind::whole;
  std::uint64_t first = 0;
  std::uint64_t size = 0;
};

/// What a request asks for.
struct ByteRanges {
  ByteRange::Kind kind = ByteRange::Kind::whole;
  /// Of the kind part: one at least, each of them not empty.
  std::vector<ByteRange> parts = {};
};

/// The ranges of bytes that a GET asks for, of `size`, in the order in which it
/// does; those that overlap or touch are one. All of it where none is asked
/// for, where If-Range says so, for more than most_ranges and for what cannot
/// be read. Unsatisfiable where none of them begins before the end.
ByteRanges asked_ranges(const Environ& env, const Validators& validators,
                        std::uint64_t size);
/// The same for who sends one: several that do not touch are all of it.
ByteRange asked_range(const Environ& env, const Validators& validators,
                      std::uint64_t size);

/// "bytes 0-4/10": Content-Range for a part of `size` bytes.
std::string content_range(const ByteRange& range, std::uint64_t size);

/// Several parts of one representation as multipart/byteranges (RFC 9110
/// section 14.6): the content is head(0), the bytes of part 0, head(1), and so
/// on, and tail().
class MultipartRanges {
 public:
  /// Parts of `size` bytes whose Content-Type is `type`, which may be empty.
  MultipartRanges(std::vector<ByteRange> parts, std::string_view type,
                  std::uint64_t size);

  /// Of the response.
  std::string content_type() const;
  /// In bytes, of the whole content.
  std::uint64_t content_length() const;

  const std::vector<ByteRange>& parts() const noexcept { return parts_; }
  const std::string& head(std::size_t part) const { return heads_[part]; }
  const std::string& tail() const noexcept { return tail_; }

 private:
  std::vector<ByteRange> parts_;
  std::string boundary_;
  std::vector<std::string> heads_;
  std::string tail_;
};

}  // namespace decant
