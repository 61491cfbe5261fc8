// SPDX-License-Identifier: MIT
#include "decant/stdio.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace decant {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// Puts /dev/null in the place of `fd`, open or closed.
void put_null(int fd, const char* what) {
  Descriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) fail(what);
  if (null.get() == fd) {  // it was closed, and open() gave its number
    null.release();
    if (::fcntl(fd, F_SETFD, 0) < 0) fail(what);
  } else if (::dup2(null.get(), fd) < 0) {
    fail(what);
  }
}

/// A copy of `fd` beyond the standard three. A descriptor that the parent
/// closed becomes /dev/null, so that no file of ours takes its number.
Descriptor move_up(int fd, int flags) {
  Descriptor copy(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (copy) return copy;
  if (errno != EBADF) fail("stdio: fcntl");
  const Descriptor null(::open("/dev/null", flags | O_CLOEXEC));
  copy.reset(::fcntl(null.get(), F_DUPFD_CLOEXEC, 3));
  if (!copy) fail("stdio: /dev/null");
  return copy;
}

StandardStreams take(bool keep_terminal) {
  // Closed by the parent: keep its number filled.
  if (::fcntl(2, F_GETFD) < 0) put_null(2, "stdio: stderr");
  StandardStreams streams{move_up(0, O_RDONLY), move_up(1, O_WRONLY)};
  if (!keep_terminal || ::isatty(0) == 0) put_null(0, "stdio: stdin");
  if (::dup2(2, 1) < 0) fail("stdio: stdout");
  return streams;
}

}  // namespace

void fill_standard_descriptors() {
  for (;;) {
    // The lowest number that is free.
    const int fd = ::open("/dev/null", O_RDWR);
    if (fd < 0) fail("stdio: /dev/null");
    if (fd > STDERR_FILENO) {
      ::close(fd);
      return;
    }
  }
}

const StandardStreams& own_standard_streams(bool keep_terminal) {
  static const StandardStreams streams = take(keep_terminal);
  return streams;
}

}  // namespace decant
