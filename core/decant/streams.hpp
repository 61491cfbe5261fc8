// SPDX-License-Identifier: MIT
// wsgi.input and wsgi.errors (PEP 3333, "Input and Error Streams"), and the
// two interfaces by which a server side feeds them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace decant {

/// Where a request body comes from. A server side implements it.
class InputSource {
 public:
  virtual ~InputSource() = default;
  /// Fills the front of `buffer` (never empty) and gives the number of bytes,
  /// at least 1, or 0 at the end of what the web server sends. May block.
  /// Throws ClientGone when the peer broke off, GatewayError on a time-out.
  virtual std::size_t read(std::span<char> buffer) = 0;
  /// Called once, before the application is: the body has `length` bytes, or
  /// goes to the end. May read ahead. Throws as read() does.
  virtual void prepare([[maybe_unused]] std::optional<std::uint64_t> length) {}
  /// True when read() would not wait long: something has come, or the end. A
  /// source that cannot tell says so too.
  virtual bool ready() { return true; }
  /// Where ready() is false: a descriptor that poll(2) finds readable once that
  /// may have changed; -1 where there is none. Borrowed.
  virtual int descriptor() const noexcept { return -1; }
};

/// A request body that is in memory. Borrows it.
class MemorySource final : public InputSource {
 public:
  explicit MemorySource(std::string_view data) : data_(data) {}
  std::size_t read(std::span<char> buffer) override {
    const std::size_t size = data_.copy(buffer.data(), buffer.size());
    data_.remove_prefix(size);
    return size;
  }

 private:
  std::string_view data_;
};

/// Where wsgi.errors and the gateway's own complaints go.
class ErrorSink {
 public:
  virtual ~ErrorSink() = default;
  /// Takes whole lines, each ended by a newline and free of other control
  /// characters. Called from the thread that runs the request. May not throw.
  virtual void write(std::string_view lines) noexcept = 0;
  /// A complaint of the gateway's about the request: one line without its
  /// newline. By default it is written among the others, after "decant: ".
  virtual void complain(std::string_view message) noexcept;
  /// What happens every day, as a client that left. Dropped by default.
  virtual void remark(std::string_view) noexcept {}
};

/// wsgi.input: the request body, which ends at CONTENT_LENGTH whatever the
/// peer sends after it. A body that the peer cut short throws GatewayError
/// (400) or ClientGone; it never looks like a clean end. Used by one thread.
class InputStream {
 public:
  /// Borrows `source`. `length` is CONTENT_LENGTH in bytes; without it the
  /// body goes to the end of the source and may have `most` bytes (0: any
  /// number) before GatewayError (413) is thrown.
  explicit InputStream(InputSource& source, std::optional<std::uint64_t> length,
                       std::uint64_t most = 0)
      : source_(source), length_(length), most_(most) {}
  InputStream(const InputStream&) = delete;
  InputStream& operator=(const InputStream&) = delete;

  /// The next `size` bytes, fewer only at the end. read(0) consumes nothing.
  std::string read(std::size_t size);
  /// Everything that is left.
  std::string read();
  /// The next line with its newline, at most `limit` bytes of it; the last
  /// line may lack the newline. Empty at the end.
  std::string readline(std::size_t limit = std::string::npos);
  /// Lines until `hint` bytes have been read; 0 means all of them.
  std::vector<std::string> readlines(std::size_t hint = 0);
  /// What is there already, at least one byte, into the front of `buffer`;
  /// 0 at the end. The form for streaming: it does not wait to fill up.
  std::size_t read_some(std::span<char> buffer);
  /// True when read_some() would not wait long; for an application that has
  /// something else to wait for too.
  bool ready() { return !buffered().empty() || exhausted() || source_.ready(); }
  /// Where ready() is false: a descriptor that poll(2) finds readable once that
  /// may have changed, or -1. Not to be read from.
  int descriptor() const noexcept { return source_.descriptor(); }

  /// Iterates over the lines.
  class LineIterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = std::string;
    using difference_type = std::ptrdiff_t;
    using pointer = const std::string*;
    using reference = const std::string&;

    LineIterator() = default;
    explicit LineIterator(InputStream& stream) : stream_(&stream) { ++*this; }
    reference operator*() const { return line_; }
    pointer operator->() const { return &line_; }
    LineIterator& operator++();
    void operator++(int) { ++*this; }
    bool operator==(const LineIterator& other) const {
      return stream_ == other.stream_;
    }

   private:
    InputStream* stream_ = nullptr;
    std::string line_;
  };
  LineIterator begin() { return LineIterator(*this); }
  LineIterator end() { return {}; }

  /// CONTENT_LENGTH, when there is one.
  std::optional<std::uint64_t> length() const noexcept { return length_; }
  /// Bytes that have been taken from the source.
  std::uint64_t consumed() const noexcept { return consumed_; }
  /// True when the end of the body has been reached.
  bool exhausted() const noexcept {
    return ended_ || (length_ && consumed_ == *length_);
  }

 private:
  std::size_t fetch(std::span<char> buffer);
  bool fill();
  std::string_view buffered() const {
    return std::string_view(buffer_).substr(position_);
  }

  InputSource& source_;
  std::optional<std::uint64_t> length_;
  std::uint64_t most_;
  std::uint64_t consumed_ = 0;
  bool ended_ = false;
  std::string buffer_;  // read ahead by readline(); unread from position_ on
  std::size_t position_ = 0;
};

/// wsgi.errors: text for the server's log. Lines of parallel requests do not
/// mix: a line leaves whole, at its newline, at flush() or when the request
/// ends. Control characters are escaped. Used by one thread.
class ErrorStream {
 public:
  /// Borrows `sink`.
  explicit ErrorStream(ErrorSink& sink) : sink_(sink) {}
  ErrorStream(const ErrorStream&) = delete;
  ErrorStream& operator=(const ErrorStream&) = delete;
  ~ErrorStream() { flush(); }

  void write(std::string_view text);
  /// Sends an unfinished line on, with a newline of its own.
  void flush() noexcept;

 private:
  ErrorSink& sink_;
  std::string line_;  // escaped, without its newline
};

}  // namespace decant
