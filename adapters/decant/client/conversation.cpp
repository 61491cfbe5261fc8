// SPDX-License-Identifier: MIT
#include "decant/client/conversation.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "decant/descriptor.hpp"
#include "decant/error.hpp"

namespace decant::client {
namespace {

/// For poll(2); 0 when it is over.
int milliseconds_until(Clock::time_point end) noexcept {
  constexpr std::chrono::milliseconds longest{1 << 30};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      std::min(end - Clock::now(), Clock::duration(longest)));
  return static_cast<int>(std::max(left, std::chrono::milliseconds(0)).count());
}

/// Reads once, of a descriptor that poll(2) found readable. False at its end,
/// as where a connection was reset.
bool read_into(std::string& text, int fd) {
  std::array<char, 65536> buffer;
  const ssize_t got = read_some(fd, buffer);
  if (got <= 0) return false;
  text.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

class Conversation {
 public:
  Conversation(const Line& line, std::string_view request, bool half_closes)
      : line_(line), unsent_(request), half_closes_(half_closes) {
    end_request_if_sent();
  }

  Heard run(Clock::time_point end);

 private:
  void step(Clock::time_point end);
  void write();
  void end_request_if_sent();

  const Line line_;
  std::string_view unsent_;
  const bool half_closes_;
  bool answered_ = false;
  bool errors_ended_ = line_.errors < 0;
  bool process_ended_ = line_.process < 0;
  Heard heard_;
};

Heard Conversation::run(Clock::time_point end) {
  while (!answered_ || !process_ended_ || !errors_ended_) {
    step(end);
    // What a process has written by its end is there.
    if (line_.process >= 0 && process_ended_ && answered_) break;
  }
  for (pollfd poll{line_.errors, POLLIN, 0};
       !errors_ended_ && ::poll(&poll, 1, 0) > 0;) {
    errors_ended_ = !read_into(heard_.errors, line_.errors);
  }
  return std::move(heard_);
}

/// Waits until something can be done, and does it.
void Conversation::step(Clock::time_point end) {
  const auto unless = [](bool over, int fd) { return over ? -1 : fd; };
  const auto to_write = static_cast<short>(unsent_.empty() ? 0 : POLLOUT);
  std::array<pollfd, 3> fds = {
      {{unless(answered_, line_.socket), static_cast<short>(POLLIN | to_write),
        0},
       {unless(errors_ended_, line_.errors), POLLIN, 0},
       {unless(process_ended_, line_.process), POLLIN, 0}}};
  const int count = ::poll(fds.data(), fds.size(), milliseconds_until(end));
  if (count < 0 && errno != EINTR) {
    throw std::system_error(errno, std::generic_category(), "client: poll");
  }
  if (count == 0) {
    throw Error(
        "client: no whole answer came in time; look whether the application "
        "returns, or give ClientOptions::timeout more");
  }
  if (count < 0) return;
  if ((fds[0].revents & POLLOUT) != 0) write();
  if ((fds[0].revents & ~POLLOUT) != 0) {
    answered_ = !read_into(heard_.answer, line_.socket);
  }
  if (fds[1].revents != 0) {
    errors_ended_ = !read_into(heard_.errors, line_.errors);
  }
  if (fds[2].revents != 0) process_ended_ = true;
}

void Conversation::write() {
  const ssize_t sent = ::send(line_.socket, unsent_.data(), unsent_.size(),
                              MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent >= 0) {
    unsent_.remove_prefix(static_cast<std::size_t>(sent));
    end_request_if_sent();
  } else if (errno != EAGAIN && errno != EINTR) {
    unsent_ = {};  // the answer may have come all the same
  }
}

void Conversation::end_request_if_sent() {
  if (half_closes_ && unsent_.empty()) ::shutdown(line_.socket, SHUT_WR);
}

}  // namespace

Heard converse(const Line& line, std::string_view request, bool half_closes,
               Clock::time_point end) {
  return Conversation(line, request, half_closes).run(end);
}

}  // namespace decant::client
