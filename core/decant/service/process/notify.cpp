// SPDX-License-Identifier: MIT
#include "decant/service/process/notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "decant/descriptor.hpp"
#include "decant/number.hpp"
#include "decant/service/listen/take_from_environment.hpp"

namespace decant::service {
Notifier::Notifier() : socket_(take_from_environment("NOTIFY_SOCKET")) {
  const auto pid = take_from_environment("WATCHDOG_PID");
  const auto microseconds =
      parse_number<std::int64_t>(take_from_environment("WATCHDOG_USEC"));
  const bool ours = pid.empty() || parse_number<pid_t>(pid) == ::getpid();
  if (ours && microseconds) {
    interval_ = std::chrono::milliseconds(*microseconds / 2000);
  }
}

void Notifier::reloading() const {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  send("RELOADING=1\nMONOTONIC_USEC=" +
       std::to_string(static_cast<std::int64_t>(now.tv_sec) * 1'000'000 +
                      now.tv_nsec / 1000));
}

void Notifier::status(std::string_view text) const {
  send("STATUS=" + std::string(text));
}

void Notifier::send(std::string_view text) const {
  sockaddr_un address{};
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  socket_.copy(address.sun_path, socket_.size());
  // '@' stands for the NUL of an abstract name.
  if (socket_[0] == '@') address.sun_path[0] = '\0';
  const Descriptor fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto size =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  // There is nobody to tell when nobody listens.
  ::sendto(fd.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
           reinterpret_cast<const sockaddr*>(&address), size);
}

}  // namespace decant::service
