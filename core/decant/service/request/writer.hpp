// SPDX-License-Identifier: MIT
// A response on its way to the socket: what belongs together leaves in one
// write, what is large is never copied.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "decant/service/request/response_framing.hpp"

namespace decant::service {

/// Writes one response. What it is given has left before a call returns, which
/// gives false when the peer takes nothing more.
class Writer {
 public:
  /// Borrows `framing`, and `out` for what is to be sent.
  Writer(int fd, ResponseFraming& framing, std::chrono::seconds patience,
         std::string& out)
      : fd_(fd), framing_(framing), patience_(patience), out_(out) {}

  /// The application's status where the response ends here; no value where
  /// more follows.
  using End = std::optional<int>;

  bool start(const ResponseHead& head, std::string_view chunk, End end);
  /// An empty chunk is for the end alone.
  bool send(std::string_view chunk, End end);
  bool end(int application_status) { return send({}, application_status); }
  /// The same for one that is shorter than it said.
  bool end_short(int application_status);

  enum class Copied { some, file_ended, gone };
  /// A part of a file, past our memory; moves `offset` and `left` on. A part
  /// that the file was too short for leaves the response broken.
  Copied copy_part(int file, off_t& offset, std::uint64_t& left);

  /// Lines of wsgi.errors. `placed` is false where the protocol has no place
  /// for them.
  bool errors(std::string_view lines, bool& placed);
  /// Breaks the response off, so that its peer sees it. True when that takes a
  /// reset of the connection.
  bool cut();

 private:
  bool send_large(std::string_view chunk, End end);
  bool flush();

  int fd_;
  ResponseFraming& framing_;
  std::chrono::seconds patience_;
  std::string& out_;
};

}  // namespace decant::service
