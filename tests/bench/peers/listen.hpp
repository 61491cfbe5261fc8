// SPDX-License-Identifier: MIT
// Where the peers of the benchmarks listen.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bench {

/// A socket that does not block; ends the program where there can be none.
inline int listen_on(const char* path) {
  const int fd =
      ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd, 512) != 0) {
    std::perror(path);
    std::exit(1);
  }
  return fd;
}

}  // namespace bench
