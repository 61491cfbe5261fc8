// SPDX-License-Identifier: MIT
// What has been read of a connection and not been used yet.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "decant/service/loop/connection.hpp"

namespace decant::service {

/// The one buffer of a thread for what it reads from connections, and the way
/// of what is left in it to the connection and back. It turns to one connection
/// at a time.
class Intake {
 public:
  Intake();

  /// Turns to `connection`, and to what was kept of it.
  void turn_to(Connection& connection) {
    connection_ = &connection;
    floor_ = begin_ = end_ = 0;
    if (connection.kept) take_kept();
  }
  /// Leaves with the connection what is unread. Gives its state.
  Next leave() {
    return begin_ == end_ && !connection_->kept ? Next::idle : keep_rest();
  }

  enum class Arrival { some, none, closed };
  /// Reads once, without waiting, what is there.
  Arrival look();
  /// True when the last look may have left something behind.
  bool was_filled() const noexcept { return filled_; }

  std::string_view unread() const noexcept {
    return std::string_view(buffer_).substr(begin_, end_ - begin_);
  }
  /// Takes bytes from the front, which a scan has found.
  void take(std::size_t size) noexcept {
    begin_ += size;
    if (connection_->kept) connection_->kept->wanted = 0;
  }
  /// The same for what a reader has left of unread().
  void take_all_but(std::string_view rest) noexcept {
    begin_ = end_ - rest.size();
  }
  /// Takes bytes out of the middle.
  void take_out(std::size_t offset, std::size_t size);
  /// Takes the head of a request from the front, which stays where it is until
  /// release(); what was kept of the connection is forgotten.
  void hold(std::size_t size) noexcept {
    if (connection_->kept) connection_->kept.reset();
    begin_ += size;
    floor_ = begin_;
  }
  void release() noexcept { floor_ = 0; }

  /// Waits for more: bytes, 0 at the end, -1 with errno, which is EAGAIN when
  /// nothing came for as long as `patience`.
  ssize_t read_more(std::chrono::seconds patience);
  /// The same into `buffer`, past ours, while nothing is unread; what comes
  /// behind lies in ours. Gives the bytes in `buffer`.
  ssize_t read_past(std::span<char> buffer, std::chrono::seconds patience);

  /// Nothing is unread, or not as much as the last scan asked for.
  bool is_short() const noexcept {
    return begin_ == end_ ||
           (connection_->kept && end_ - begin_ < connection_->kept->wanted);
  }
  /// Another scan is for nothing before so many bytes are there.
  void want(std::size_t size);
  /// Of a piece that nobody reads, so many bytes are still to come.
  void skip_later(std::uint64_t size);
  /// Skips what has come of it; false when more was skipped since the last
  /// request than a new connection costs.
  bool skip() { return !connection_->kept || skip_kept(); }
  /// Counts bytes that were skipped otherwise; false as skip().
  bool count_skipped(std::size_t size);

  int fd() const noexcept { return connection_->socket.get(); }

 private:
  std::span<char> room();
  void take_kept();
  Next keep_rest();
  bool skip_kept();
  Unfinished& kept();

  Connection* connection_ = nullptr;
  std::string buffer_;
  std::size_t floor_ = 0;  // below it lies what is held
  std::size_t begin_ = 0;  // of what is unread
  std::size_t end_ = 0;
  bool filled_ = false;
};

}  // namespace decant::service
