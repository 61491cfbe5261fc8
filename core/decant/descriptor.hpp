// SPDX-License-Identifier: MIT
// A file descriptor that is owned, and whole reads and writes on one.
#pragma once

#include <sys/uio.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace decant {

/// Owns a file descriptor and closes it.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  ~Descriptor() { reset(); }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  int release() noexcept { return std::exchange(fd_, -1); }
  void reset(int fd = -1) noexcept;

 private:
  int fd_ = -1;
};

/// How long to wait where a descriptor that does not block is not ready.
inline constexpr std::chrono::seconds for_ever{-1};

/// read(2), taken up again after EINTR: bytes, 0 at the end, -1 with errno,
/// which is EAGAIN when nothing came for as long as `patience`.
ssize_t read_some(int fd, std::span<char> buffer,
                  std::chrono::seconds patience = for_ever) noexcept;
/// The same into several buffers, one after the other.
ssize_t read_some(int fd, std::span<const iovec> parts,
                  std::chrono::seconds patience = for_ever) noexcept;

/// The same of a file from `position` on, in bytes, whatever its own position.
ssize_t read_at(int fd, std::span<char> buffer,
                std::uint64_t position) noexcept;

/// Writes all of `parts`, whose elements it changes. Gives false with errno
/// when the peer is gone, EAGAIN when it took nothing for as long as
/// `patience`.
bool write_all(int fd, std::span<iovec> parts,
               std::chrono::seconds patience = for_ever) noexcept;
bool write_all(int fd, std::string_view data,
               std::chrono::seconds patience = for_ever) noexcept;

/// The same to a socket: the kernel does less there.
bool send_all(int socket, std::string_view data,
              std::chrono::seconds patience = for_ever) noexcept;

/// After a write that failed: waits where that was for room, and takes EINTR
/// for none. False with errno when it was an error, or nobody made room for as
/// long as `patience`.
bool wait_to_write(int fd, std::chrono::seconds patience) noexcept;

/// Bytes of a regular file from `position` to its end, as far as its size can
/// be believed: no value for what is no regular file, and for what has a size
/// and no bytes, or bytes and no size, as files of /proc and /sys.
std::optional<std::uint64_t> size_from(int fd, std::int64_t position) noexcept;

/// An iovec over `data`; writev(2) does not change what it points to.
iovec as_iovec(std::string_view data) noexcept;

}  // namespace decant
