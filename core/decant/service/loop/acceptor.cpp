// SPDX-License-Identifier: MIT
#include "decant/service/loop/acceptor.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <functional>
#include <system_error>
#include <utility>

#include "decant/service/log/log.hpp"
#include "decant/service/loop/forked_child.hpp"

namespace decant::service {
namespace {

/// At a door that closes: more than a backlog holds.
constexpr std::size_t most_last = 8192;

}  // namespace

Acceptor::Acceptor(std::vector<Listener>& listeners, int epoll,
                   ConnectionTable& connections, const Settings& settings)
    : listeners_(listeners),
      epoll_(epoll),
      connections_(connections),
      settings_(settings) {
  for (std::size_t door = 0; door < listeners_.size(); ++door) {
    const int fd = listeners_[door].fd();
    const int on = 1;  // what it accepts inherits it
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    keep_from_forks(fd);
    watch(static_cast<int>(door));
  }
}

Acceptor::~Acceptor() {
  for (const Listener& listener : listeners_) forget_for_forks(listener.fd());
}

int Acceptor::door_of(const void* tag) const noexcept {
  const auto* const listener = static_cast<const Listener*>(tag);
  const Listener* const first = listeners_.data();
  const std::less<> before;
  if (before(listener, first) || !before(listener, first + listeners_.size())) {
    return -1;
  }
  return static_cast<int>(listener - first);
}

void Acceptor::watch(int door) {
  epoll_event event{};
  // Edge-triggered, as all of them: unread bytes of half a request wake nobody.
  event.events = EPOLLIN | EPOLLET;
  // Else a connection would wake every process (a thundering herd).
  if (settings_.is_shared) event.events |= EPOLLEXCLUSIVE;
  event.data.ptr = &at(door);
  // What is watched exclusively cannot be changed.
  leave(door);
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, at(door).fd(), &event) != 0 &&
      errno != EEXIST) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
}

void Acceptor::leave(int door) noexcept {
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, at(door).fd(), nullptr);
}

Connection* Acceptor::accept(int door, Clock::time_point arrived) {
  const Listener& listener = at(door);
  for (;;) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    auto* const peer = reinterpret_cast<sockaddr*>(&address);
    Descriptor socket(
        ::accept4(listener.fd(), peer, &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno != EAGAIN && !closed_) block(listener, errno);
      return nullptr;
    }
    if (!listener.is_open_to_all() &&
        !is_allowed_peer(peer, settings_.socket)) {
      log(LogLevel::warning,
          listener.name() + ": refused a peer that --allow-peer does not name");
      continue;
    }
    const std::size_t most = settings_.limits.max_connections;
    const bool is_full = most != 0 && connections_.size() >= most;
    Connection& connection = connections_.add(std::move(socket));
    connection.door = door;
    connection.peer.set(peer, size);
    connection.arrived.store(arrived, std::memory_order_relaxed);
    // It may be a while until a thread is free to look at it.
    connection.since = arrived;
    connection.refused = is_full;
    return &connection;
  }
}

std::vector<Connection*> Acceptor::accept_last(int door,
                                               Clock::time_point arrived) {
  Listener& listener = at(door);
  if (settings_.at_end == DoorsAtEnd::withdraw) listener.withdraw();
  leave(door);
  // None of them is served before the door is shut: who has an answer may come
  // again.
  std::vector<Connection*> last;
  while (last.size() < most_last) {
    Connection* const next = accept(door, arrived);
    if (next == nullptr) break;
    last.push_back(next);
  }
  closed_ = true;
  listener.close();
  return last;
}

/// Out of descriptors or memory.
void Acceptor::block(const Listener& listener, int error) {
  if (blocked_.exchange(true)) return;
  static Repeated complaint;  // each connection that closes tries again
  complaint.log(LogLevel::warning,
                listener.name() +
                    ": accept: " + std::generic_category().message(error) +
                    "; new connections wait (raise the limit of open files)");
}

void Acceptor::retry() {
  blocked_ = false;
  for (std::size_t door = 0; door < listeners_.size(); ++door) {
    watch(static_cast<int>(door));
  }
}

}  // namespace decant::service
