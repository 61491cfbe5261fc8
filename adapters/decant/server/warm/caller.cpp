// SPDX-License-Identifier: MIT
#include "decant/server/warm/caller.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "decant/exit_status.hpp"
#include "decant/server/warm/handover.hpp"
#include "decant/server/warm/place.hpp"

namespace decant::warm {
namespace {

bool is_set(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool is_about_warmth(std::string_view option) {
  return option == "--warm" || option.starts_with("--warm=");
}

bool is_listening(int fd) {
  int listens = 0;
  socklen_t size = sizeof listens;
  return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 &&
         listens != 0;
}

bool send(int socket, std::string_view text) {
  std::array<int, descriptors_sent> descriptors = {0, 1, 2};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof descriptors)> control{};
  iovec part{const_cast<char*>(text.data()), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof descriptors);
  std::memcpy(CMSG_DATA(head), descriptors.data(), sizeof descriptors);
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) ==
         static_cast<ssize_t>(text.size());
}

/// The next message of the worker, for which it is waited so many milliseconds,
/// -1 for ever; empty when none comes.
std::string receive(int socket, int milliseconds) {
  pollfd poll{socket, POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&poll, 1, milliseconds);
  } while (ready < 0 && errno == EINTR);
  std::array<char, 16> buffer{};
  const ssize_t got =
      ready > 0 ? ::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT)
                : -1;
  return {buffer.data(), static_cast<std::size_t>(got > 0 ? got : 0)};
}

int fail(std::string_view text) {
  [[maybe_unused]] const auto written =
      ::write(STDERR_FILENO, text.data(), text.size());
  return exit_failed;
}

/// The worker has begun to serve: what becomes of it is what becomes of us.
int wait_for_end(int socket) {
  if (const auto status = decode_exit(receive(socket, -1))) return *status;
  return fail("decant: cgi: the warm worker died while it served\n");
}

/// It has taken too long, or does not want to. If it begins at this very
/// moment, it is its request; else it cannot any more, since it cannot say so.
std::optional<int> withdraw(int socket) {
  ::shutdown(socket, SHUT_RD);
  if (receive(socket, 0) != accepted) return std::nullopt;
  // Its exit status does not arrive either, but the end of it does.
  pollfd poll{socket, 0, 0};
  while (::poll(&poll, 1, -1) < 0 && errno == EINTR) {
  }
  return 0;
}

}  // namespace

Wish read_wish(const std::vector<std::string>& words) {
  Wish wish{.wanted = false, .words = words};
  const char* const variable = std::getenv("DECANT_WARM");
  const std::string_view by_environment = variable != nullptr ? variable : "";
  wish.wanted = !by_environment.empty() && by_environment != "0";
  if (std::erase_if(wish.words, is_about_warmth) != 0) wish.wanted = true;
  wish.wanted =
      wish.wanted && is_set("GATEWAY_INTERFACE") && !is_listening(STDIN_FILENO);
  return wish;
}

std::optional<int> hand_over(const Wish& wish, const std::string& program) {
  const auto place = Place::find();
  if (!place) return std::nullopt;
  const Identity identity(program, wish.words);
  const Descriptor socket = connect(*place, identity.name());
  if (!socket) return std::nullopt;
  std::string environment;
  for (char** at = environ; *at != nullptr; ++at) {
    environment.append(*at, std::strlen(*at) + 1);
  }
  std::string message;
  if (!encode(message,
              {.identity = identity.text(), .environment = environment}) ||
      !send(socket.get(), message)) {
    return std::nullopt;
  }
  return receive(socket.get(), patience_ms) == accepted
             ? wait_for_end(socket.get())
             : withdraw(socket.get());
}

}  // namespace decant::warm
