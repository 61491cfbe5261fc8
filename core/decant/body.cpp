// SPDX-License-Identifier: MIT
#include "decant/body.hpp"

#include "decant/file_wrapper.hpp"

namespace decant {

bool Chunks::next(std::string_view& chunk) {
  if (!coroutine_ || coroutine_.done()) return false;
  coroutine_.resume();
  promise_type& promise = coroutine_.promise();
  if (promise.error) {
    std::rethrow_exception(std::exchange(promise.error, nullptr));
  }
  if (coroutine_.done()) return false;
  chunk = promise.chunk;
  return true;
}

void Chunks::close() {
  if (coroutine_) std::exchange(coroutine_, nullptr).destroy();
}

bool detail::SourceStream::next(std::string_view& chunk) {
  chunk_.clear();
  if (!source_->next(chunk_)) return false;
  chunk = chunk_;
  return true;
}

namespace {

/// A file as it was when it became a body: what is written behind its end
/// meanwhile does not belong to the response.
class FileStream final : public detail::ChunkStream {
 public:
  explicit FileStream(FileWrapper file)
      : file_(std::move(file)), span_(file_.span()) {}
  bool next(std::string_view& chunk) override {
    chunk_.clear();
    if (at_end() || !file_.next(chunk_)) return false;
    chunk = chunk_;
    if (span_) {
      chunk = chunk.substr(0, span_->size);
      span_->size -= chunk.size();
    }
    return true;
  }
  bool at_end() const noexcept override { return span_ && span_->size == 0; }
  std::optional<detail::FileSpan> file() const override { return span_; }
  std::optional<std::uint64_t> size() const noexcept {
    if (!span_) return std::nullopt;
    return span_->size;
  }
  void close() override { file_.close(); }

 private:
  FileWrapper file_;
  std::optional<detail::FileSpan> span_;
  std::string chunk_;
};

}  // namespace

Body::Body(FileWrapper file) : length_(std::nullopt) {
  auto stream = std::make_unique<FileStream>(std::move(file));
  size_ = stream->size();
  stream_ = std::move(stream);
}

Body::Body(Body&& other) noexcept
    : text_(std::move(other.text_)),
      stream_(std::move(other.stream_)),
      length_(std::exchange(other.length_, 0)),
      size_(std::exchange(other.size_, std::nullopt)),
      text_sent_(std::exchange(other.text_sent_, true)) {}

Body& Body::operator=(Body&& other) noexcept {
  std::swap(text_, other.text_);
  std::swap(stream_, other.stream_);
  std::swap(length_, other.length_);
  std::swap(size_, other.size_);
  std::swap(text_sent_, other.text_sent_);
  return *this;
}

Body::~Body() {
  try {
    close();
  } catch (...) {  // nobody is left to tell: the gateway closes and logs
  }
}

bool Body::next(std::string_view& chunk) {
  if (stream_) return stream_->next(chunk);
  if (text_sent_ || length_ != 1) return false;
  text_sent_ = true;
  chunk = text_;
  return true;
}

void Body::close() {
  text_sent_ = true;
  // Out of the member first: a close() that throws must not run again.
  const auto stream = std::exchange(stream_, nullptr);
  if (stream) stream->close();
}

}  // namespace decant
