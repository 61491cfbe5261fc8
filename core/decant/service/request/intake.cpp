// SPDX-License-Identifier: MIT
#include "decant/service/request/intake.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace decant::service {
namespace {

/// For one read from a connection.
constexpr std::size_t read_size = 65536;
/// Of a body that nobody read, on a connection that is to be kept: more costs
/// less to close than to skip.
constexpr std::uint64_t most_skipped = 16 << 20;
/// From so many bytes on what is read behind them is kept so short that little
/// must be copied.
constexpr std::size_t worth_reading_past = 8192;
constexpr std::size_t read_behind = 512;

}  // namespace

// Twice: behind a head that fills one half there is room for the body.
Intake::Intake() : buffer_(2 * read_size, '\0') {}

void Intake::take_kept() {
  const std::string& bytes = connection_->kept->bytes;
  const std::size_t least = bytes.size() + 2 * read_size;
  if (buffer_.size() < least) buffer_.resize(least);
  end_ = bytes.copy(buffer_.data(), bytes.size());
}

Next Intake::keep_rest() {
  const std::string_view rest = unread();
  if (!rest.empty()) {
    kept().bytes.assign(rest);
    return Next::partial;
  }
  Unfinished& unfinished = *connection_->kept;
  if (unfinished.skipped == 0 && unfinished.to_skip == 0) {
    connection_->kept.reset();
  } else {
    unfinished.bytes.clear();
    unfinished.wanted = 0;
  }
  return Next::idle;
}

bool Intake::skip_kept() {
  Unfinished& unfinished = *connection_->kept;
  const std::size_t size =
      std::min<std::uint64_t>(unfinished.to_skip, end_ - begin_);
  begin_ += size;
  unfinished.to_skip -= size;
  unfinished.skipped += size;
  return unfinished.skipped <= most_skipped;
}

Unfinished& Intake::kept() {
  if (!connection_->kept) connection_->kept = std::make_unique<Unfinished>();
  return *connection_->kept;
}

Intake::Arrival Intake::look() {
  const std::span<char> free = room();
  const std::size_t size = std::min(free.size(), read_size);
  const ssize_t got = ::recv(fd(), free.data(), size, MSG_DONTWAIT);
  filled_ = got == static_cast<ssize_t>(size);
  if (got > 0) {
    end_ += static_cast<std::size_t>(got);
    return Arrival::some;
  }
  return got < 0 && (errno == EAGAIN || errno == EINTR) ? Arrival::none
                                                        : Arrival::closed;
}

void Intake::take_out(std::size_t offset, std::size_t size) {
  if (offset != 0) {
    char* const front = buffer_.data() + begin_;
    std::memmove(front + size, front, offset);
  }
  take(size);
}

/// Where to read to, behind what is unread.
std::span<char> Intake::room() {
  if (begin_ != floor_) {
    std::memmove(buffer_.data() + floor_, buffer_.data() + begin_,
                 end_ - begin_);
    end_ -= begin_ - floor_;
    begin_ = floor_;
  }
  return std::span(buffer_).subspan(end_);
}

ssize_t Intake::read_more(std::chrono::seconds patience) {
  const ssize_t got = read_some(fd(), room(), patience);
  if (got > 0) end_ += static_cast<std::size_t>(got);
  return got;
}

ssize_t Intake::read_past(std::span<char> buffer,
                          std::chrono::seconds patience) {
  const std::span<char> behind = room();
  const std::array<iovec, 2> parts = {
      iovec{buffer.data(), buffer.size()},
      iovec{behind.data(), buffer.size() < worth_reading_past
                               ? behind.size()
                               : std::min(behind.size(), read_behind)}};
  const ssize_t got = read_some(fd(), std::span(parts), patience);
  const auto most = static_cast<ssize_t>(buffer.size());
  if (got > most) end_ += static_cast<std::size_t>(got - most);
  return std::min(got, most);
}

void Intake::want(std::size_t size) {
  kept().wanted = size;
}

void Intake::skip_later(std::uint64_t size) {
  if (size != 0) kept().to_skip = size;
}

bool Intake::count_skipped(std::size_t size) {
  kept().skipped += size;
  return kept().skipped <= most_skipped;
}

}  // namespace decant::service
