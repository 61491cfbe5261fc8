// SPDX-License-Identifier: MIT
#include "decant/service/request/body_input.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace decant::service {
namespace {

constexpr std::size_t most_skipped_at_once = 65536;

}  // namespace

/// The next piece of what is unread.
std::string_view BodyInput::advance(std::size_t most) {
  std::string_view unread = intake_.unread();
  const std::string_view piece = reader_.next(unread, most);
  intake_.take_all_but(unread);
  if (!reader_.answers().empty()) send_answers();
  return piece;
}

BodyInput::State BodyInput::outcome(ssize_t got) const noexcept {
  if (got > 0) return State::more;
  if (got == 0) return State::gone;
  return errno == EAGAIN ? State::late : State::broken;
}

BodyInput::State BodyInput::next(std::string_view& piece, std::size_t most) {
  for (;;) {
    piece = advance(most);
    if (!piece.empty()) return State::more;
    if (reader_.ended()) return State::ended;
    if (!reader_.sound()) return State::unsound;
    const State state = outcome(intake_.read_more(patience_));
    if (state != State::more) return state;
  }
}

BodyInput::State BodyInput::read(std::span<char> buffer, std::size_t& size) {
  size = 0;
  if (!std::exchange(asked_, true)) {
    reader_.ask();
    if (!reader_.answers().empty()) send_answers();
  }
  const std::size_t ahead = std::min(reader_.content_ahead(), buffer.size());
  if (intake_.unread().empty() && ahead > 0) {
    const ssize_t got = intake_.read_past(buffer.first(ahead), patience_);
    if (got > 0) {
      size = static_cast<std::size_t>(got);
      reader_.took(size);
    }
    return outcome(got);
  }
  std::string_view piece;
  const State state = next(piece, buffer.size());
  size = piece.copy(buffer.data(), piece.size());
  return state;
}

bool BodyInput::ready() const {
  if (!intake_.unread().empty() || reader_.ended()) return true;
  pollfd poll{intake_.fd(), POLLIN, 0};
  return ::poll(&poll, 1, 0) != 0;
}

void BodyInput::look_for_abort() {
  advance(0);  // what lies before the next piece, and no piece
  if (intake_.unread().size() < reader_.mark_size() &&
      reader_.content_ahead() == 0) {
    // A peer that closed its half still reads.
    if (intake_.look() != Intake::Arrival::some) return;
    advance(0);
  }
  if (reader_.ended()) aborted_ = reader_.is_abort(intake_.unread());
}

void BodyInput::send_answers() {
  write_all(intake_.fd(), reader_.answers(), patience_);
  reader_.answers().clear();
}

bool BodyInput::end() {
  while (!advance(most_skipped_at_once).empty()) {
  }
  intake_.skip_later(reader_.unfinished());
  return reader_.sound();
}

}  // namespace decant::service
