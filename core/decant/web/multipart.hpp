// SPDX-License-Identifier: MIT
// multipart/form-data, read and written (RFC 7578, RFC 2046 section 5.1).
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "decant/web/part_head.hpp"

namespace decant::web {

/// Bytes in, parts out; holds no byte of them itself. Whoever calls it keeps
/// what next() has left and puts more behind it.
class MultipartParser {
 public:
  enum class Event {
    more,    ///< nothing without more bytes behind those that were left
    head,    ///< a part begins: head()
    data,    ///< some of its content: data()
    closed,  ///< its content has ended
    end,     ///< no part follows; what does is not looked at
  };

  /// Takes a boundary as multipart_boundary() gives it. A head of a part, and
  /// what stands before the first one, may have `most_head` bytes.
  MultipartParser(std::string_view boundary, std::size_t most_head);

  /// Takes what comes next from the front of `in`. Throws FormError: 400 for
  /// what is no multipart/form-data, 413 for a head that is too long.
  Event next(std::string_view& in);

  /// The last part that has begun.
  const PartHead& head() const noexcept { return head_; }
  /// Leads into what next() was given.
  std::string_view data() const noexcept { return data_; }
  /// What `in` has to have room for, so that more always leads on.
  std::size_t most_left() const noexcept {
    return most_head_ + delimiter_.size() + 256;
  }

 private:
  enum class State { start, preamble, head, content_start, content, end };

  Event next_content(std::string_view& in);
  Event next_head(std::string_view& in);
  bool pass_start(std::string_view& in);
  bool pass_content_start(std::string_view& in);
  void pass_delimiter(std::string_view& in, std::size_t boundary_end,
                      std::size_t size);
  static std::optional<std::size_t> delimiter_size(std::string_view in,
                                                   std::string_view delimiter);
  void count_preamble();

  std::string delimiter_;  // CRLF, two hyphens, the boundary
  std::size_t most_head_;
  State state_ = State::start;
  std::size_t preamble_ = 0;  // bytes of it
  PartHead head_;
  std::string_view data_;
};

/// Fills the front of a buffer as InputStream::read_some() does.
using ReadBytes = std::function<std::size_t(std::span<char>)>;

/// The parts of a body, one after the other, in constant memory.
///
///     while (const PartHead* part = reader.next_part()) {
///       for (auto data = reader.read(); !data.empty(); data = reader.read())
///         ...
///     }
class MultipartReader {
 public:
  /// Where nothing else is said.
  static constexpr std::size_t most_head_bytes = 8192;

  MultipartReader(ReadBytes read, std::string_view boundary,
                  std::size_t most_head = most_head_bytes);

  /// The head of the next part, null when there is none; what is unread of the
  /// one before is passed over. Valid until the next call. Throws as the parser
  /// and the source do, and FormError (400) for a body that ends too soon.
  const PartHead* next_part();
  /// The next piece of the content of this part, empty at its end. Valid until
  /// the next call.
  std::string_view read();

 private:
  MultipartParser::Event next();

  ReadBytes read_;
  MultipartParser parser_;
  std::vector<char> buffer_;
  std::string_view left_;  // leads into the buffer
  bool in_part_ = false;
};

/// Writes a multipart/form-data body, as a client sends it.
class MultipartWriter {
 public:
  /// Takes a boundary that occurs nowhere in the parts.
  explicit MultipartWriter(std::string boundary)
      : boundary_(std::move(boundary)) {}

  void add(std::string_view name, std::string_view value);
  void add_file(std::string_view name, std::string_view filename,
                std::string_view content_type, std::string_view content);

  /// With its boundary.
  std::string content_type() const {
    return "multipart/form-data; boundary=" + boundary_;
  }
  /// All of it, ended.
  std::string text() const { return text_ + "--" + boundary_ + "--\r\n"; }

 private:
  void add_part(std::string_view name, std::string_view further,
                std::string_view content);

  std::string boundary_;
  std::string text_;
};

}  // namespace decant::web
