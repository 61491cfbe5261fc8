// SPDX-License-Identifier: MIT
// The body of one request, read from its connection as it is needed.
#pragma once

#include <chrono>
#include <span>
#include <string_view>

#include "decant/service/request/body_reader.hpp"
#include "decant/service/request/intake.hpp"

namespace decant::service {

/// Reads from the connection no earlier than asked to, and sends what the
/// reader answers to whatever else the peer says meanwhile.
class BodyInput {
 public:
  /// Borrows both. The head has been taken from `intake`.
  BodyInput(Intake& intake, BodyReader& reader, std::chrono::seconds patience)
      : intake_(intake), reader_(reader), patience_(patience) {}

  enum class State {
    more,     ///< a piece was found
    ended,    ///< the body has ended, or the request was aborted
    late,     ///< nothing came for as long as the patience
    unsound,  ///< what came is not of the protocol
    broken,   ///< the connection failed
    gone,     ///< the peer closed the connection, or its half of it
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
  /// to the next one. False when the connection cannot have one.
  bool end();
  /// The end of the body has been seen.
  bool ended() const noexcept { return reader_.ended(); }
  /// See BodyReader.
  bool is_framed() const noexcept { return reader_.is_framed(); }
  void give_up() noexcept { reader_.give_up(); }

 private:
  std::string_view advance(std::size_t most);
  State outcome(ssize_t got) const noexcept;
  void send_answers();

  Intake& intake_;
  BodyReader& reader_;
  std::chrono::seconds patience_;
  bool asked_ = false;
  bool aborted_ = false;  // by what came after the body
};

}  // namespace decant::service
