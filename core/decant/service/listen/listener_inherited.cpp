// SPDX-License-Identifier: MIT
// Sockets that systemd, spawn-fcgi or a web server opened.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "decant/error.hpp"
#include "decant/number.hpp"
#include "decant/service/listen/listener_kinds.hpp"
#include "decant/service/listen/take_from_environment.hpp"
#include "decant/text.hpp"

namespace decant::service {
namespace {

constexpr int first_passed_descriptor = 3;  // sd_listen_fds(3)

/// How many sockets systemd passed to this very process, and their names with
/// colons between them: sd_listen_fds_with_names(3).
int passed_by_systemd(std::string& names) {
  const std::string pid = take_from_environment("LISTEN_PID");
  const std::string count = take_from_environment("LISTEN_FDS");
  names = take_from_environment("LISTEN_FDNAMES");
  if (count.empty() || parse_number<pid_t>(pid) != ::getpid()) return 0;
  const auto number = parse_number<int>(count);
  if (!number) {
    throw Error("endpoint: LISTEN_FDS is " + decant::quoted(count) +
                ", which is no number; unset it or let systemd set it");
  }
  return *number;
}

}  // namespace

Listener take(int fd, const std::string& origin) {
  if (!is_listening_socket(fd)) {
    throw Error("endpoint: " + origin +
                " is not a listening stream socket; pass one on which "
                "listen() has been called");
  }
  Descriptor socket(fd);
  if (fd < first_passed_descriptor) {
    socket.release();
    socket.reset(::fcntl(fd, F_DUPFD_CLOEXEC, first_passed_descriptor));
    const Descriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!socket || !null || ::dup2(null.get(), fd) < 0) {
      fail_to_listen(origin, errno, "raise the limit of open files");
    }
  }
  const int flags = ::fcntl(socket.get(), F_GETFL);
  if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0 ||
      ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC) != 0) {
    fail_to_listen(origin, errno, "pass another socket");
  }
  std::string name = bound_name(socket.get());
  return {std::move(socket), std::move(name)};
}

std::vector<Inherited> inherited() {
  std::vector<Inherited> sockets;
  std::string names;
  const int count = passed_by_systemd(names);
  for (int i = 0; i < count; ++i) {
    const int fd = first_passed_descriptor + i;
    const std::size_t colon = std::min(names.find(':'), names.size());
    sockets.push_back({take(fd, "descriptor " + std::to_string(fd) +
                                    " of systemd's LISTEN_FDS"),
                       names.substr(0, colon)});
    names.erase(0, colon + 1);
  }
  if (sockets.empty() && is_listening_socket(STDIN_FILENO)) {
    sockets.push_back({take(STDIN_FILENO, "standard input"), {}});
  }
  return sockets;
}

}  // namespace decant::service
