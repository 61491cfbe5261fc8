// SPDX-License-Identifier: MIT
#include "decant/server/warm/caller.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>

#include "decant/descriptor.hpp"
#include "decant/exit_status.hpp"
#include "decant/server/warm/handover.hpp"

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

/// All three, or somebody else's descriptor would have taken the number.
bool has_standard_descriptors() {
  return ::fcntl(STDIN_FILENO, F_GETFD) >= 0 &&
         ::fcntl(STDOUT_FILENO, F_GETFD) >= 0 &&
         ::fcntl(STDERR_FILENO, F_GETFD) >= 0;
}

bool send(int socket, std::string_view text, std::span<const int> descriptors) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(descriptors_sent * sizeof(int))>
      control{};
  iovec part{const_cast<char*>(text.data()), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
  cmsghdr* const head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(descriptors.size_bytes());
  std::memcpy(CMSG_DATA(head), descriptors.data(), descriptors.size_bytes());
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) ==
         static_cast<ssize_t>(text.size());
}

/// What the standard descriptors lie in until somebody takes them.
class Hand {
 public:
  /// False when there can be none.
  bool fill() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                     ends.data()) != 0) {
      return false;
    }
    from_.reset(ends[0]);
    to_.reset(ends[1]);
    return send(from_.get(), "D",
                std::array{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO});
  }
  /// To be sent to a worker.
  int descriptor() const noexcept { return to_.get(); }
  /// False when a worker has taken them: the request is its.
  bool take_back() const {
    char byte = 0;
    return ::recv(to_.get(), &byte, sizeof byte, MSG_DONTWAIT) > 0;
  }

 private:
  Descriptor from_;
  Descriptor to_;
};

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

}  // namespace

Wish read_wish(const std::vector<std::string>& words) {
  Wish wish{.wanted = false, .words = words};
  const char* const variable = std::getenv("DECANT_WARM");
  const std::string_view by_environment = variable != nullptr ? variable : "";
  wish.wanted = !by_environment.empty() && by_environment != "0";
  if (std::erase_if(wish.words, is_about_warmth) != 0) wish.wanted = true;
  wish.wanted = wish.wanted && is_set("GATEWAY_INTERFACE") &&
                has_standard_descriptors() && !is_listening(STDIN_FILENO);
  return wish;
}

std::optional<int> hand_over(const Identity& identity) {
  const auto place = Place::find();
  if (!place) return std::nullopt;
  const Descriptor socket = connect(*place, identity.name());
  if (!socket) return std::nullopt;
  std::string environment;
  for (char** at = environ; *at != nullptr; ++at) {
    environment.append(*at, std::strlen(*at) + 1);
  }
  std::string message;
  Hand hand;
  if (!encode(message,
              {.identity = identity.text(), .environment = environment}) ||
      !hand.fill() ||
      !send(socket.get(), message, std::array{hand.descriptor()})) {
    return std::nullopt;
  }
  if (const auto status = decode_exit(receive(socket.get(), patience_ms))) {
    return status;
  }
  // It takes its time, does not want to, or is dead.
  if (hand.take_back()) return std::nullopt;
  if (const auto status = decode_exit(receive(socket.get(), -1))) {
    return status;
  }
  return fail("decant: cgi: the warm worker died while it served\n");
}

}  // namespace decant::warm
