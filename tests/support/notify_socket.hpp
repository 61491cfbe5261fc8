// SPDX-License-Identifier: MIT
// systemd's end of sd_notify(3).
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>

#include "decant/descriptor.hpp"
#include "support/temporary_directory.hpp"
#include "support/wait.hpp"

namespace decant::test {

class NotifySocket {
 public:
  explicit NotifySocket(bool is_abstract = false)
      : name_(is_abstract ? "@decant-test-" + std::to_string(::getpid())
                          : directory_ / "notify"),
        socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name_.copy(address.sun_path, sizeof address.sun_path);
    if (is_abstract) address.sun_path[0] = '\0';
    const auto size =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    // NOLINTNEXTLINE: the sockets API wants it
    const auto* const any = reinterpret_cast<const sockaddr*>(&address);
    if (::bind(socket_.get(), any, size) != 0) {
      throw std::runtime_error("test: no socket " + name_);
    }
  }

  /// What NOTIFY_SOCKET is to say.
  const std::string& name() const { return name_; }

  /// The next message; empty when none came in time.
  std::string receive(Milliseconds limit = patience) const {
    pollfd polled{socket_.get(), POLLIN, 0};
    if (::poll(&polled, 1, static_cast<int>(limit.count())) <= 0) return {};
    std::array<char, 4096> text{};
    const ssize_t size = ::recv(socket_.get(), text.data(), text.size(), 0);
    return {text.data(), static_cast<std::size_t>(size > 0 ? size : 0)};
  }

 private:
  TemporaryDirectory directory_;
  std::string name_;
  Descriptor socket_;
};

}  // namespace decant::test
