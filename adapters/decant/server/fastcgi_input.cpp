// SPDX-License-Identifier: MIT
#include "decant/server/fastcgi_input.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace decant::fastcgi {
namespace {

/// Room for one read from the socket.
constexpr std::size_t read_size = 65536;
/// From so many bytes on the body is read straight to where it is wanted, and
/// behind it so few that little of the next record must be copied.
constexpr std::size_t worth_reading_straight = 8192;
constexpr std::size_t read_behind = 512;

}  // namespace

RequestInput::RequestInput(int fd, Begun& request,
                           std::chrono::seconds patience, std::string& buffer)
    : fd_(fd),
      patience_(patience),
      request_(request),
      buffer_(buffer),
      reader_(request.head.request_id, max_connections()) {}

RequestInput::State RequestInput::next(std::string_view& piece,
                                       std::size_t most) {
  for (;;) {
    piece = reader_.next(request_.ahead, most);
    if (!reader_.answers().empty()) send_answers();
    if (!piece.empty()) return State::more;
    if (reader_.ended()) return State::ended;
    if (!reader_.sound()) {
      errno = EPROTO;
      return State::failed;
    }
    const State state = fill();
    if (state != State::more) return state;
  }
}

RequestInput::State RequestInput::read(std::span<char> buffer,
                                       std::size_t& size) {
  size = 0;
  const std::size_t straight = std::min(reader_.content_ahead(), buffer.size());
  if (request_.ahead.empty() && straight > 0) {
    const std::span<char> behind = room();
    std::array<iovec, 2> parts = {
        iovec{buffer.data(), straight},
        iovec{behind.data(), straight < worth_reading_straight
                                 ? behind.size()
                                 : std::min(behind.size(), read_behind)}};
    std::size_t got = 0;
    const State state = receive(parts, got);
    if (state != State::more) return state;
    size = std::min(got, straight);
    reader_.took(size);
    request_.ahead = {behind.data(), got - size};
    return State::more;
  }
  std::string_view piece;
  const State state = next(piece, buffer.size());
  size = piece.copy(buffer.data(), piece.size());
  return state;
}

bool RequestInput::ready() const {
  if (!request_.ahead.empty() || reader_.ended()) return true;
  pollfd poll{fd_, POLLIN, 0};
  return ::poll(&poll, 1, 0) != 0;
}

std::span<char> RequestInput::room() {
  if (buffer_.size() < read_size) buffer_.resize(read_size);
  std::string_view& unread = request_.ahead;
  if (!unread.empty())
    std::memmove(buffer_.data(), unread.data(), unread.size());
  unread = {buffer_.data(), unread.size()};
  return std::span(buffer_).subspan(unread.size());
}

RequestInput::State RequestInput::receive(std::span<iovec> parts,
                                          std::size_t& got) {
  const ssize_t count = read_some(fd_, parts, patience_);
  if (count < 0) return State::failed;
  got = static_cast<std::size_t>(count);
  return count == 0 ? State::gone : State::more;
}

RequestInput::State RequestInput::fill() {
  const std::span<char> free = room();
  iovec part = {free.data(), free.size()};
  std::size_t got = 0;
  const State state = receive(std::span(&part, 1), got);
  request_.ahead = {buffer_.data(), request_.ahead.size() + got};
  return state;
}

void RequestInput::look_for_abort() {
  std::string_view& unread = request_.ahead;
  reader_.next(unread, 0);  // what lies before the next piece, and no piece
  if (unread.size() < header_size && reader_.content_ahead() == 0) {
    const std::span<char> free = room();
    const ssize_t got = ::recv(fd_, free.data(), free.size(), MSG_DONTWAIT);
    if (got <= 0) return;  // a peer that closed its half still reads
    unread = {buffer_.data(), unread.size() + static_cast<std::size_t>(got)};
    reader_.next(unread, 0);
  }
  if (!reader_.answers().empty()) send_answers();
  if (!reader_.ended() || unread.size() < header_size) return;
  // Behind a body that has ended.
  const RecordHeader header = decode_header(unread);
  aborted_ = header.version == 1 && header.type == RecordType::abort_request &&
             header.request_id == request_.head.request_id;
}

void RequestInput::send_answers() {
  write_all(fd_, reader_.answers(), patience_);
  reader_.answers().clear();
}

void RequestInput::end() {
  while (!reader_.next(request_.ahead, read_size).empty()) {
  }
  if (!reader_.answers().empty()) send_answers();
  request_.to_skip = reader_.unfinished();
  request_.ended = reader_.ended();
  request_.sound = reader_.sound();
}

}  // namespace decant::fastcgi
