// SPDX-License-Identifier: MIT
// What follows the head of a request on its connection, read as it is needed.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "decant/server/fastcgi_engine.hpp"

namespace decant::fastcgi {

/// The body of one request. Reads from the socket no earlier than asked to,
/// and answers what else the peer sends meanwhile.
class RequestInput {
 public:
  /// Borrows everything. `buffer` takes what is read from the socket, and what
  /// is left of it lies there until the next request.
  RequestInput(int fd, Begun& request, std::chrono::seconds patience,
               std::string& buffer);

  enum class State {
    more,    ///< a piece was found
    ended,   ///< the body has ended, or the request was aborted
    failed,  ///< errno tells: EAGAIN nothing came in time, EPROTO no FastCGI
    gone,    ///< the peer closed the connection
  };
  /// The next piece of the body, at most `most` bytes, valid until the next
  /// call.
  State next(std::string_view& piece, std::size_t most);
  /// Into the front of `buffer`, what is there and no more: gives the size.
  State read(std::span<char> buffer, std::size_t& size);
  /// True when something of the body has come, or its end.
  bool ready() const;
  /// Looks without waiting whether the web server has aborted the request.
  void look_for_abort();

  /// The web server has taken its request back.
  bool aborted() const noexcept { return aborted_ || reader_.aborted(); }

  /// Skips what has come of this request and nobody read, and leaves the rest
  /// to the next one.
  void end();

 private:
  State receive(std::span<iovec> parts, std::size_t& got);
  State fill();
  void send_answers();
  /// Where to read to, behind the unread part of a header.
  std::span<char> room();

  int fd_;
  std::chrono::seconds patience_;
  Begun& request_;
  std::string& buffer_;
  StdinReader reader_;
  bool aborted_ = false;  // by a record that came after the body
};

}  // namespace decant::fastcgi
