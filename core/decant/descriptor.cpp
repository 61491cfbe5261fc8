// SPDX-License-Identifier: MIT
#include "decant/descriptor.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace decant {

namespace {

/// After an error: true when the call is to be taken up again. EAGAIN comes
/// from a socket of ours, or from a pipe that somebody made non-blocking.
bool retry(int fd, short events, std::chrono::seconds patience) noexcept {
  if (errno == EINTR) return true;
  if (errno != EAGAIN) return false;
  using std::chrono::milliseconds;
  const auto time = patience < patience.zero()
                        ? -1
                        : static_cast<int>(std::min<milliseconds::rep>(
                              milliseconds(patience).count(),
                              std::numeric_limits<int>::max()));
  for (;;) {
    pollfd poll{fd, events, 0};
    const int ready = ::poll(&poll, 1, time);
    if (ready > 0) return true;
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) errno = EAGAIN;
    return false;
  }
}

}  // namespace

void Descriptor::reset(int fd) noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

ssize_t read_some(int fd, std::span<char> buffer,
                  std::chrono::seconds patience) noexcept {
  for (;;) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got >= 0 || !retry(fd, POLLIN, patience)) return got;
  }
}

ssize_t read_some(int fd, std::span<const iovec> parts,
                  std::chrono::seconds patience) noexcept {
  for (;;) {
    const ssize_t got =
        ::readv(fd, parts.data(), static_cast<int>(parts.size()));
    if (got >= 0 || !retry(fd, POLLIN, patience)) return got;
  }
}

ssize_t read_at(int fd, std::span<char> buffer,
                std::uint64_t position) noexcept {
  for (;;) {
    const ssize_t got =
        ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(position));
    if (got >= 0 || errno != EINTR) return got;
  }
}

bool write_all(int fd, std::span<iovec> parts,
               std::chrono::seconds patience) noexcept {
  while (!parts.empty()) {
    if (parts.front().iov_len == 0) {
      parts = parts.subspan(1);
      continue;
    }
    const ssize_t written =
        ::writev(fd, parts.data(), static_cast<int>(parts.size()));
    if (written < 0) {
      if (retry(fd, POLLOUT, patience)) continue;
      return false;
    }
    auto left = static_cast<std::size_t>(written);
    while (!parts.empty() && left >= parts.front().iov_len) {
      left -= parts.front().iov_len;
      parts = parts.subspan(1);
    }
    if (left != 0) {
      parts.front().iov_base =
          static_cast<char*>(parts.front().iov_base) + left;
      parts.front().iov_len -= left;
    }
  }
  return true;
}

bool write_all(int fd, std::string_view data,
               std::chrono::seconds patience) noexcept {
  while (!data.empty()) {
    const ssize_t written = ::write(fd, data.data(), data.size());
    if (written >= 0) {
      data.remove_prefix(static_cast<std::size_t>(written));
    } else if (!retry(fd, POLLOUT, patience)) {
      return false;
    }
  }
  return true;
}

bool send_all(int socket, std::string_view data,
              std::chrono::seconds patience) noexcept {
  while (!data.empty()) {
    const ssize_t sent = ::send(socket, data.data(), data.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      data.remove_prefix(static_cast<std::size_t>(sent));
    } else if (!retry(socket, POLLOUT, patience)) {
      return false;
    }
  }
  return true;
}

bool wait_to_write(int fd, std::chrono::seconds patience) noexcept {
  return retry(fd, POLLOUT, patience);
}

std::optional<std::uint64_t> size_from(int fd, std::int64_t position) noexcept {
  struct stat info {};
  if (position < 0 || ::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    return std::nullopt;
  }
  // Where the last byte is, or the first one that should not be there.
  const std::int64_t end = info.st_size;
  const bool is_empty = position >= end;
  char byte = 0;
  const ssize_t got = ::pread(fd, &byte, 1, is_empty ? position : end - 1);
  if (got != (is_empty ? 0 : 1)) return std::nullopt;
  return is_empty ? 0 : static_cast<std::uint64_t>(end - position);
}

iovec as_iovec(std::string_view data) noexcept {
  return {const_cast<char*>(data.data()), data.size()};
}

}  // namespace decant
