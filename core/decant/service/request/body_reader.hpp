// SPDX-License-Identifier: MIT
// Where the body of a request lies among the bytes behind its head.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace decant::service {

/// Walks over what follows the head of a request on its connection: finds the
/// pieces of the body, and answers or skips all else. Does no I/O.
class BodyReader {
 public:
  /// So many bytes tell what comes next where no content is ahead.
  explicit BodyReader(std::size_t mark_size) : mark_size_(mark_size) {}
  virtual ~BodyReader() = default;

  /// The next piece of the body, at most `most` bytes: a view into `in`, from
  /// whose front it is taken with all that lies before it. Empty when more
  /// must be read, at the end of the body, when `in` is not of the protocol,
  /// or with `most` 0. A mark that has not come as a whole stays in `in`.
  virtual std::string_view next(std::string_view& in, std::size_t most) = 0;
  /// Bytes of the body that come next, with nothing between them. Whoever
  /// reads them from elsewhere says so by took().
  virtual std::size_t content_ahead() const noexcept = 0;
  virtual void took(std::size_t size) noexcept = 0;
  /// Bytes that are still to come of the piece that has begun and belongs to
  /// the request.
  virtual std::uint64_t unfinished() const noexcept = 0;
  /// Called before the first read: the peer may wait to be asked for the body.
  virtual void ask() {}
  /// True when the end of the body can be told from the end of the connection,
  /// and what is malformed from what is cut: then it gets a status for it.
  virtual bool is_framed() const noexcept { return false; }
  /// True when `bytes`, behind a body that has ended, take the request back.
  virtual bool is_abort(std::string_view bytes) const noexcept = 0;

  std::size_t mark_size() const noexcept { return mark_size_; }
  /// The body has ended, or the request was aborted.
  bool ended() const noexcept { return ended_; }
  bool aborted() const noexcept { return aborted_; }
  /// All that was seen is of the protocol.
  bool sound() const noexcept { return sound_; }
  /// Nothing more is expected: where the next request begins is lost.
  void give_up() noexcept { sound_ = false; }
  /// What is to be sent to the peer, cleared by who sends it.
  std::string& answers() noexcept { return answers_; }

 protected:
  /// Back to the beginning of a body.
  void reset() noexcept {
    ended_ = false;
    aborted_ = false;
    sound_ = true;
    answers_.clear();
  }

  std::string answers_;
  bool ended_ = false;
  bool aborted_ = false;
  bool sound_ = true;

 private:
  std::size_t mark_size_;
};

}  // namespace decant::service
