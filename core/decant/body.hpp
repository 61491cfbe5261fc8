// SPDX-License-Identifier: MIT
// What an application returns: the iterable of PEP 3333 as a C++ type.
#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace decant {

/// A body that makes its chunks one at a time. The gateway calls next() until
/// it gives false, sends each chunk before it asks for the following one, and
/// calls close() exactly once, however the request ends.
class BodySource {
 public:
  virtual ~BodySource() = default;
  /// Puts the next chunk into `chunk` and gives true, or gives false at the
  /// end. `chunk` comes empty; it is the same string each time, so that its
  /// capacity is reused. An empty chunk is allowed and sends nothing. May
  /// throw: the response is then cut.
  virtual bool next(std::string& chunk) = 0;
  /// Called once, after the last next(). What it throws is logged.
  virtual void close() {}
};

/// A generator application: a coroutine that yields chunks.
///
///     Chunks count(Environ&, StartResponse start_response) {
///       start_response("200 OK", {{"Content-Type", "text/plain"}});
///       for (int i = 0; i < 3; ++i) co_yield std::to_string(i) + "\n";
///     }
///
/// It runs first when the gateway asks for the first chunk. Take
/// StartResponse by value: a reference may dangle by then. Environ& stays
/// valid. close() destroys the coroutine, so destructors of its locals run.
class Chunks {
 public:
  struct promise_type {
    std::string_view chunk;
    std::exception_ptr error;

    Chunks get_return_object() {
      return Chunks(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    /// The chunk is borrowed until the coroutine is resumed; a temporary in
    /// the co_yield expression lives that long.
    std::suspend_always yield_value(std::string_view value) noexcept {
      chunk = value;
      return {};
    }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { error = std::current_exception(); }
  };

  Chunks(Chunks&& other) noexcept
      : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  Chunks& operator=(Chunks&& other) noexcept {
    std::swap(coroutine_, other.coroutine_);
    return *this;
  }
  ~Chunks() { close(); }

  /// The next chunk, valid until the next call; false at the end.
  bool next(std::string_view& chunk);
  void close();

 private:
  explicit Chunks(std::coroutine_handle<promise_type> coroutine)
      : coroutine_(coroutine) {}
  std::coroutine_handle<promise_type> coroutine_;
};

class FileWrapper;

namespace detail {

/// Part of an open regular file.
struct FileSpan {
  int descriptor;
  std::int64_t offset;
  std::uint64_t size;
};

/// Every kind of body behind one interface, chunks as views: what is in
/// memory already is not copied.
class ChunkStream {
 public:
  virtual ~ChunkStream() = default;
  virtual bool next(std::string_view& chunk) = 0;
  /// True when it is known that no chunk follows the one just given.
  virtual bool at_end() const noexcept { return false; }
  /// The file that next() would read, before its first call; a server side may
  /// send it by itself instead.
  virtual std::optional<FileSpan> file() const { return std::nullopt; }
  virtual void close() {}
};

class SourceStream final : public ChunkStream {
 public:
  explicit SourceStream(std::unique_ptr<BodySource> source)
      : source_(std::move(source)) {}
  bool next(std::string_view& chunk) override;
  void close() override { source_->close(); }

 private:
  std::unique_ptr<BodySource> source_;
  std::string chunk_;
};

class ChunksStream final : public ChunkStream {
 public:
  explicit ChunksStream(Chunks chunks) : chunks_(std::move(chunks)) {}
  bool next(std::string_view& chunk) override { return chunks_.next(chunk); }
  void close() override { chunks_.close(); }

 private:
  Chunks chunks_;
};

template <class Range>
using RangeValue = decltype(*std::begin(std::declval<Range&>()));

template <class Range>
class RangeStream final : public ChunkStream {
 public:
  explicit RangeStream(Range range) : range_(std::move(range)) {}
  bool next(std::string_view& chunk) override {
    if (started_) {
      if (at_ != std::end(range_)) ++*at_;
    } else {
      at_.emplace(std::begin(range_));
      started_ = true;
    }
    if (*at_ == std::end(range_)) return false;
    if constexpr (std::is_reference_v<RangeValue<Range>>) {
      chunk = std::string_view(**at_);
    } else {
      made_.emplace(**at_);  // the range makes its elements: keep this one
      chunk = std::string_view(*made_);
    }
    return true;
  }

 private:
  using Value = std::remove_cvref_t<RangeValue<Range>>;
  Range range_;
  std::optional<decltype(std::begin(std::declval<Range&>()))> at_;
  std::optional<Value> made_;
  bool started_ = false;
};

template <class T>
concept StringLike = std::convertible_to<const T&, std::string_view>;

template <class T>
concept ChunkRange = !StringLike<T> && requires(T & range) {
  { *std::begin(range) } -> std::convertible_to<std::string_view>;
  ++std::declval<decltype(std::begin(range))&>();
  { std::begin(range) == std::end(range) } -> std::convertible_to<bool>;
};

template <class T>
std::optional<std::size_t> length_of(const T& range) {
  if constexpr (requires { std::size(range); }) {
    return static_cast<std::size_t>(std::size(range));
  } else {
    return std::nullopt;
  }
}

}  // namespace detail

/// The body of a response. Move-only; owns what it is made from and closes it
/// exactly once: by close(), or else when it is destroyed.
class Body {
 public:
  /// No chunks.
  Body() = default;
  // One chunk, as a list of one in PEP 3333: its length is known.
  Body(std::string text) : text_(std::move(text)), length_(1) {}
  Body(std::string_view text) : Body(std::string(text)) {}
  Body(const char* text) : Body(std::string(text)) {}
  /// Several chunks.
  Body(std::initializer_list<std::string_view> chunks)
      : Body(std::vector<std::string>(chunks.begin(), chunks.end())) {}
  /// Any range of string-like values: vector, list, view, generator.
  template <class Range>
  requires detail::ChunkRange<std::remove_reference_t<Range>> &&
      (!std::derived_from<std::remove_cvref_t<Range>, Body>)Body(Range&& range)
      : length_(detail::length_of(range)) {
    stream_ = std::make_unique<detail::RangeStream<std::remove_cvref_t<Range>>>(
        std::forward<Range>(range));
  }
  /// A chunk source, by pointer or by value.
  Body(std::unique_ptr<BodySource> source)
      : stream_(std::make_unique<detail::SourceStream>(std::move(source))),
        length_(std::nullopt) {}
  template <class Source>
  requires std::derived_from<Source, BodySource> Body(
      std::unique_ptr<Source> source)
      : Body(std::unique_ptr<BodySource>(std::move(source))) {}
  template <class Source>
  requires std::derived_from<std::remove_cvref_t<Source>, BodySource> Body(
      Source&& source)
      : Body(std::make_unique<std::remove_cvref_t<Source>>(
            std::forward<Source>(source))) {}
  /// A generator.
  Body(Chunks chunks)
      : stream_(std::make_unique<detail::ChunksStream>(std::move(chunks))),
        length_(std::nullopt) {}
  /// A file, whose size the gateway may use as Content-Length.
  Body(FileWrapper file);
  /// Around another body, whose length() and size() stay known.
  Body(std::unique_ptr<detail::ChunkStream> stream,
       std::optional<std::size_t> length, std::optional<std::uint64_t> size)
      : stream_(std::move(stream)), length_(length), size_(size) {}

  Body(Body&& other) noexcept;
  Body& operator=(Body&& other) noexcept;
  ~Body();

  /// The next chunk, valid until the next call of any member; false at the
  /// end.
  bool next(std::string_view& chunk);
  /// True when it is known that no chunk follows the one just given.
  bool at_end() const noexcept {
    return stream_ ? stream_->at_end() : text_sent_;
  }
  /// The regular file that is all of the body, before the first next().
  std::optional<detail::FileSpan> file() const {
    return stream_ ? stream_->file() : std::nullopt;
  }
  /// Closes what the body is made from; a second call does nothing.
  void close();
  /// The number of chunks where it is known beforehand (len() in PEP 3333).
  std::optional<std::size_t> length() const noexcept { return length_; }
  /// The number of bytes where it is known beforehand: a regular file's.
  std::optional<std::uint64_t> size() const noexcept { return size_; }

 private:
  std::string text_;
  std::unique_ptr<detail::ChunkStream> stream_;
  std::optional<std::size_t> length_ = 0;
  std::optional<std::uint64_t> size_;
  bool text_sent_ = false;
};

}  // namespace decant
