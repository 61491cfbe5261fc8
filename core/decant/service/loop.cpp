// SPDX-License-Identifier: MIT
#include "decant/service/loop.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <thread>

#include "decant/service/log.hpp"

namespace decant::service {
namespace {

constexpr std::chrono::seconds tick_interval{1};
constexpr std::chrono::seconds linger_time{2};
constexpr int largest_batch = 64;
/// So many new connections before the old ones have their turn.
constexpr int most_accepted = 64;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// Reads and forgets what a peer still sends; true once it has closed.
bool discard(int fd) {
  std::array<char, 65536> buffer;
  ssize_t got = 0;
  // A peer that never stops sending is left to the linger time: one round.
  for (int round = 0; round < 16; ++round) {
    got = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got <= 0) break;
  }
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

/// Tags that tell epoll's events apart: a listener, a connection or one of
/// the loop's own descriptors, all by their address.
bool is_in(const std::vector<Listener>& listeners, const void* tag) {
  return std::any_of(listeners.begin(), listeners.end(),
                     [tag](const Listener& l) { return &l == tag; });
}

}  // namespace

Loop::Loop(std::vector<Listener> listeners, const SocketSettings& settings,
           const Limits& limits, const Signals& signals)
    : listeners_(std::move(listeners)),
      settings_(settings),
      limits_(limits),
      signals_(signals),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
  if (!epoll_) fail("epoll_create1");
  if (!timer_) fail("timerfd_create");
  // Edge-triggered, so that unread bytes of half a request wake nobody.
  for (Listener& listener : listeners_) {
    const int on = 1;  // what it accepts inherits it
    ::setsockopt(listener.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(listener.fd(), EPOLLIN | EPOLLET, &listener);
  }
  watch(timer_.get(), EPOLLIN | EPOLLET, &timer_);
  watch(signals.stop_descriptor(), EPOLLIN | EPOLLET, &stopping_);
}

void Loop::watch(int fd, std::uint32_t events, void* tag) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = tag;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    fail("epoll_ctl");
  }
}

void Loop::run(int threads, const MakeProtocol& make_protocol) {
  Signals::block_stop();
  if (threads <= 1) {
    alone_ = true;
    const auto protocol = make_protocol();
    work(*protocol, largest_batch);
    return;
  }
  // One event at a time, so that no request waits behind another while a
  // thread is free. This thread waits for signals only.
  std::vector<std::jthread> workers;
  workers.reserve(static_cast<std::size_t>(threads));
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([this, &make_protocol] {
      const auto protocol = make_protocol();
      work(*protocol, 1);
    });
  }
  const sigset_t mask = Signals::waiting_mask();
  // Not sigsuspend(): a worker that waits may be the one that gets the signal.
  pollfd stop{signals_.stop_descriptor(), POLLIN, 0};
  while (!signals_.stop_requested()) ::ppoll(&stop, 1, nullptr, &mask);
  // A second signal is to end the wait for the workers.
  ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
}

void Loop::work(Protocol& protocol, int batch) {
  std::array<epoll_event, largest_batch> events;
  const sigset_t mask = Signals::waiting_mask();
  for (;;) {
    const bool draining = stopping_;
    const int count = ::epoll_pwait(epoll_.get(), events.data(), batch,
                                    draining ? 0 : -1, &mask);
    for (int i = 0; i < count; ++i) {
      handle(events[static_cast<std::size_t>(i)].data.ptr, protocol);
    }
    if (draining && count == 0) break;  // nobody has anything left to say
  }
  signals_.pass_on_stop();
}

void Loop::handle(void* tag, Protocol& protocol) {
  if (tag == &stopping_) {
    stop_accepting(protocol);
  } else if (tag == &timer_) {
    tick(protocol);
  } else if (is_in(listeners_, tag)) {
    accept_from(*static_cast<Listener*>(tag), protocol);
  } else {
    attend(*static_cast<Connection*>(tag), protocol);
  }
}

/// Serves new connections at once, since a request mostly comes along with
/// them. Where other threads wait, that is the last one only: the rest must not
/// wait for it.
void Loop::accept_from(Listener& listener, Protocol& protocol) {
  Connection* latest = nullptr;
  for (int accepted = 0; accepted < most_accepted || !alone_; ++accepted) {
    Connection* const connection = accept_one(listener);
    if (latest != nullptr) {
      if (connection != nullptr && !alone_) {
        hand_over(*latest);
      } else {
        begin(*latest, protocol);
      }
    }
    latest = connection;
    if (connection == nullptr) return;
  }
  begin(*latest, protocol);
  wake(listener);  // the others have waited long enough
}

/// The next connection that is allowed, held; null when nobody waits.
Connection* Loop::accept_one(const Listener& listener) {
  for (;;) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    auto* const peer = reinterpret_cast<sockaddr*>(&address);
    Descriptor socket(
        ::accept4(listener.fd(), peer, &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket) {
      if (is_allowed_peer(peer, settings_)) {
        return &connections_.add(std::move(socket));
      }
      log(LogLevel::warning, listener.name() +
                                 ": refused a peer that --allow-peer does "
                                 "not name");
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno != EAGAIN) {
      // Out of descriptors or memory: the peers wait in the backlog until a
      // connection closes or the next tick.
      if (!accept_blocked_.exchange(true)) {
        log(LogLevel::warning,
            listener.name() +
                ": accept: " + std::generic_category().message(errno) +
                "; new connections wait (raise the limit of open files)");
      }
      arm_timer();
    }
    return nullptr;
  }
}

bool Loop::watch(Connection& connection) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &connection;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection.socket.get(),
                     &event) == 0;
}

/// The first look at a connection, before epoll knows of it: one that is
/// answered and closed never needs to be known.
void Loop::begin(Connection& connection, Protocol& protocol) {
  const std::uint32_t events = connection.events();
  if (!settle(connection, protocol.ready(connection)) || !watch(connection)) {
    close(connection);
  } else if (!connection.release(events)) {
    attend_held(connection, protocol);
  }
}

/// Leaves a connection to whichever thread is free.
void Loop::hand_over(Connection& connection) {
  // Let go first: an event that met it held would be ours to handle. Before
  // that only the timer can have counted one, and has nothing to say.
  while (!connection.release(connection.events())) {
  }
  if (!watch(connection) && connection.acquire()) close(connection);
}

void Loop::close(Connection& connection) {
  connections_.remove(connection);
  if (accept_blocked_) retry_accept();
}

void Loop::attend(Connection& connection, Protocol& protocol) {
  if (connection.acquire()) attend_held(connection, protocol);
}

void Loop::attend_held(Connection& connection, Protocol& protocol) {
  for (;;) {
    const std::uint32_t events = connection.events();
    const Next next = connection.state == Next::linger
                          ? Next::linger
                          : protocol.ready(connection);
    if (!settle(connection, next)) {
      close(connection);
      return;
    }
    if (connection.release(events)) return;
  }
}

/// Takes down what the protocol said; false when the connection is to close.
bool Loop::settle(Connection& connection, Next next) {
  const int fd = connection.socket.get();
  const Next before = std::exchange(connection.state, next);
  switch (next) {
    case Next::idle:
      return true;
    case Next::partial:
      if (before != Next::partial) connection.since = Clock::now();
      arm_timer();
      return true;
    case Next::linger:
      // Closing with bytes unread would reset the connection, and the peer
      // might lose the end of the response.
      if (before != Next::linger) {
        ::shutdown(fd, SHUT_WR);
        connection.since = Clock::now();
        arm_timer();
      }
      return !discard(fd);
    case Next::close:
      break;
  }
  return false;
}

void Loop::arm_timer() {
  if (timer_armed_.exchange(true)) return;
  itimerspec when{};
  when.it_value.tv_sec = tick_interval.count();
  ::timerfd_settime(timer_.get(), 0, &when, nullptr);
}

/// Closes what has been partial or lingering for too long.
void Loop::tick(Protocol& protocol) {
  std::uint64_t expirations = 0;
  [[maybe_unused]] const auto got =
      ::read(timer_.get(), &expirations, sizeof expirations);
  timer_armed_ = false;  // first: who arms it while we sweep is not lost
  if (accept_blocked_) retry_accept();
  const auto now = Clock::now();
  for (Connection* const connection : connections_.slots()) {
    if (!connection->acquire()) continue;
    const Next state = connection->state;
    const auto limit =
        state == Next::linger ? linger_time : limits_.head_timeout;
    if (state != Next::idle && now - connection->since >= limit) {
      close(*connection);
      continue;
    }
    if (state != Next::idle) arm_timer();
    if (!connection->release(1)) attend_held(*connection, protocol);
  }
}

void Loop::stop_accepting(Protocol& protocol) {
  if (stopping_.exchange(true)) return;
  for (Listener& listener : listeners_) {
    accept_from(listener, protocol);
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener.fd(), nullptr);
  }
}

void Loop::retry_accept() {
  accept_blocked_ = false;
  if (stopping_) return;
  for (Listener& listener : listeners_) wake(listener);
}

/// Makes epoll report a listener again, if anybody waits there.
void Loop::wake(Listener& listener) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = &listener;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, listener.fd(), &event);
}

}  // namespace decant::service
