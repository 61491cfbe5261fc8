// SPDX-License-Identifier: MIT
#include "decant/descriptor.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace decant {

void Descriptor::reset(int fd) noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

ssize_t read_some(int fd, std::span<char> buffer) noexcept {
  for (;;) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got >= 0 || errno != EINTR) return got;
  }
}

bool write_all(int fd, std::span<iovec> parts) noexcept {
  while (!parts.empty()) {
    if (parts.front().iov_len == 0) {
      parts = parts.subspan(1);
      continue;
    }
    const ssize_t written =
        ::writev(fd, parts.data(), static_cast<int>(parts.size()));
    if (written < 0) {
      if (errno == EINTR) continue;
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

bool write_all(int fd, std::string_view data) noexcept {
  iovec part = as_iovec(data);
  return write_all(fd, std::span(&part, 1));
}

iovec as_iovec(std::string_view data) noexcept {
  return {const_cast<char*>(data.data()), data.size()};
}

}  // namespace decant
