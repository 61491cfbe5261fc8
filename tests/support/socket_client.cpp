// SPDX-License-Identifier: MIT
#include "support/socket_client.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <memory>
#include <stdexcept>

namespace decant::test {
namespace {

constexpr int stream = SOCK_STREAM | SOCK_CLOEXEC;

Descriptor connect_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    throw std::runtime_error("test: too long for a socket: " + path);
  }
  path.copy(address.sun_path, path.size());
  Descriptor socket(::socket(AF_UNIX, stream, 0));
  // NOLINTNEXTLINE: the sockets API wants it
  const auto* const any = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(socket.get(), any, sizeof address) != 0) socket.reset();
  return socket;
}

Descriptor connect_tcp(const std::string& endpoint) {
  const std::size_t colon = endpoint.rfind(':');
  std::string host = endpoint.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), endpoint.c_str() + colon + 1, &hints,
                    &found) != 0) {
    return {};
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(
      found, &::freeaddrinfo);
  Descriptor socket(::socket(found->ai_family, stream, 0));
  if (::connect(socket.get(), found->ai_addr, found->ai_addrlen) != 0) {
    socket.reset();
  }
  return socket;
}

Descriptor try_connect(const std::string& endpoint) {
  if (endpoint.starts_with("unix:")) return connect_unix(endpoint.substr(5));
  return connect_tcp(endpoint);
}

}  // namespace

SocketClient::SocketClient(const std::string& endpoint)
    : socket_(try_connect(endpoint)) {
  if (!socket_) throw std::runtime_error("test: nobody accepts " + endpoint);
  ::fcntl(socket_.get(), F_SETFL, ::fcntl(socket_.get(), F_GETFL) | O_NONBLOCK);
}

void SocketClient::pump(short events, int milliseconds) {
  pollfd polled{socket_.get(), events, 0};
  ::poll(&polled, 1, milliseconds);
  std::array<char, 65536> buffer;
  while (!ended_) {
    const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
      was_reset_ = got < 0;
      ended_ = true;
      return;
    }
    received_.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

bool SocketClient::send(std::string_view bytes, Milliseconds limit) {
  const Deadline deadline(limit);
  while (!bytes.empty()) {
    const ssize_t sent =
        ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno != EAGAIN || deadline.passed()) return false;
    pump(POLLIN | POLLOUT, deadline.left());
  }
  return true;
}

void SocketClient::finish_sending() {
  ::shutdown(socket_.get(), SHUT_WR);
}

bool SocketClient::receive_until(const std::function<bool()>& enough,
                                 Milliseconds limit) {
  const Deadline deadline(limit);
  while (!enough()) {
    if (ended_ || deadline.passed()) return false;
    pump(POLLIN, deadline.left());
  }
  return true;
}

bool SocketClient::read_until(std::string_view text, Milliseconds limit) {
  return receive_until(
      [&] { return received_.find(text) != std::string::npos; }, limit);
}

bool SocketClient::wait_for_end(Milliseconds limit) {
  return receive_until([this] { return ended_; }, limit);
}

std::string SocketClient::take(std::size_t size) {
  std::string front = received_.substr(0, size);
  received_.erase(0, size);
  return front;
}

bool accepts(const std::string& endpoint) {
  return static_cast<bool>(try_connect(endpoint));
}

}  // namespace decant::test
