// SPDX-License-Identifier: MIT
#include "decant/service/loop.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <system_error>
#include <thread>

#include "decant/service/deadline.hpp"
#include "decant/service/forked_child.hpp"
#include "decant/service/log.hpp"

namespace decant::service {
namespace {

constexpr std::chrono::seconds tick_interval{1};
constexpr std::chrono::seconds linger_time{2};
/// While the service stops, for the rest of a head that has begun to arrive.
constexpr std::chrono::seconds stop_head_time{2};
constexpr int largest_batch = 64;
/// So many new connections before the old ones have their turn.
constexpr int most_accepted = 64;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// A loop that cannot wait would spin. In a process that the application has
/// forked nothing is left to wait for.
[[noreturn]] void give_up() {
  const int error = errno;
  log(LogLevel::error,
      is_forked_child()
          ? "a process that the application forked came back from its request; "
            "it ends here: let it end by itself, as by os._exit()"
          : "epoll_wait: " + std::generic_category().message(error) +
                "; the process ends");
  ::_exit(EXIT_FAILURE);
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

bool has_input(int fd) {
  char byte = 0;
  return ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 ||
         (errno != EAGAIN && errno != EINTR);
}

}  // namespace

int spare_threads(int threads) noexcept {
  return threads <= 1 ? 0 : threads;
}

Loop::Loop(const std::vector<Listener>& listeners, Signals& signals,
           const Settings& settings)
    : listeners_(listeners),
      signals_(signals),
      settings_(settings),
      limits_(settings.limits),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)),
      alone_(settings.threads <= 1) {
  if (!epoll_) fail("epoll_create1");
  if (!timer_) fail("timerfd_create");
  for (const Listener& listener : listeners_) {
    const int on = 1;  // what it accepts inherits it
    ::setsockopt(listener.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    keep_from_forks(listener.fd());
    watch(listener);
  }
  keep_from_forks(epoll_.get());
  keep_from_forks(timer_.get());
  watch(timer_.get(), EPOLLIN | EPOLLET, &timer_);
  watch(signals.descriptor(), EPOLLIN | EPOLLET, &signals_);
  if (settings_.lifeline >= 0) {
    watch(settings_.lifeline, EPOLLET, &stopping_);
  }
  if (settings_.every_second) arm_timer();
}

Loop::~Loop() {
  forget_for_forks(epoll_.get());
  forget_for_forks(timer_.get());
  for (const Listener& listener : listeners_) forget_for_forks(listener.fd());
}

void Loop::watch(int fd, std::uint32_t events, void* tag) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = tag;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    fail("epoll_ctl");
  }
}

/// Has epoll report a listener at once if anybody waits there.
void Loop::watch(const Listener& listener) {
  epoll_event event{};
  // Edge-triggered, as all of them: unread bytes of half a request wake nobody.
  event.events = EPOLLIN | EPOLLET;
  // Else a connection would wake every process.
  if (settings_.shares_listeners) event.events |= EPOLLEXCLUSIVE;
  event.data.ptr = const_cast<Listener*>(&listener);
  // What is watched exclusively cannot be changed.
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener.fd(), nullptr);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listener.fd(), &event) != 0 &&
      errno != EEXIST) {
    fail("epoll_ctl");
  }
}

void Loop::run(const MakeProtocols& make_protocols) {
  if (alone_) return work(make_protocols(0), largest_batch);
  std::vector<std::jthread> workers;
  const int with_spare = settings_.threads + spare_threads(settings_.threads);
  const auto most = static_cast<std::size_t>(with_spare);
  workers.reserve(most);
  const auto add = [&] {
    const int index = static_cast<int>(workers.size());
    workers.emplace_back([this, &make_protocols, index] {
      const Protocols protocols = make_protocols(index);
      if (settings_.takes_turns) {
        work_in_turns(protocols, index);
      } else {
        // One event at a time, so that no request waits behind another while
        // a thread is free.
        work(protocols, 1);
      }
    });
  };
  for (int i = 0; i < settings_.threads; ++i) add();
  // This thread waits for signals, and wakes at the clock's when a request has
  // taken too long or another thread has requested the stop.
  while (!drained()) {
    Signals::await();
    if (is_hopeless()) signals_.end_now();
    for (int lost = take_lost_threads(); lost > 0 && workers.size() < most;
         --lost) {
      add();
    }
  }
}

int Loop::wait(std::span<epoll_event> events, Clock::time_point& arrived) {
  const int count = ::epoll_wait(epoll_.get(), events.data(),
                                 static_cast<int>(events.size()), -1);
  if (count < 0 && errno != EINTR) give_up();
  arrived = Clock::now();
  return std::max(count, 0);
}

bool Loop::drained() const noexcept {
  return stopping_ && connections_.size() == 0;
}

/// Nothing is left to drain but requests that cannot be ended.
bool Loop::is_hopeless() const noexcept {
  const std::size_t left = connections_.size();
  return stopping_ && left != 0 && left <= hopeless_requests();
}

void Loop::work(const Protocols& protocols, int batch) {
  std::array<epoll_event, largest_batch> events;
  while (!drained()) {
    Clock::time_point arrived;
    const int count =
        wait(std::span(events).first(static_cast<std::size_t>(batch)), arrived);
    for (int i = 0; i < count; ++i) {
      handle(events[static_cast<std::size_t>(i)], arrived, protocols);
    }
  }
  signals_.pass_on();
}

/// The events that one thread has fetched are left to the next when it waits.
void Loop::work_in_turns(const Protocols& protocols, int thread) {
  while (auto turn = turns_.await(thread)) {
    for (;;) {
      if (drained()) return turns_.stop();
      if (pending_.empty()) {
        const int count = wait(batch_, pending_since_);
        pending_ = std::span(batch_).first(static_cast<std::size_t>(count));
        continue;
      }
      const epoll_event event = pending_.front();
      const Clock::time_point arrived = pending_since_;
      pending_ = pending_.subspan(1);
      turns_.begin(*turn);
      handle(event, arrived, protocols);
      if (!turns_.end(*turn)) break;
    }
  }
}

/// What an event is about its tag says: a listener, a connection or one of the
/// loop's own descriptors, all by their address.
void Loop::handle(const epoll_event& event, Clock::time_point arrived,
                  const Protocols& protocols) {
  void* const tag = event.data.ptr;
  if (tag == &signals_) {
    heed_signals(protocols);
  } else if (tag == &stopping_) {
    signals_.request_stop();
  } else if (tag == &timer_) {
    tick(protocols);
  } else if (const auto* const listener = static_cast<const Listener*>(tag);
             // One array, so that two comparisons tell.
             !std::less<>()(listener, listeners_.data()) &&
             std::less<>()(listener, listeners_.data() + listeners_.size())) {
    accept_from(static_cast<int>(listener - listeners_.data()), arrived,
                protocols);
  } else {
    auto& connection = *static_cast<Connection*>(tag);
    connection.arrived.store(arrived, std::memory_order_relaxed);
    if ((event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
      connection.hung_up.store(true, std::memory_order_relaxed);
    }
    attend(connection, protocols);
  }
}

/// Serves new connections at once, since a request mostly comes along with
/// them; each one when the next has been accepted, so that its peer gets on
/// meanwhile. Where other threads wait, that is the last one only: the rest
/// must not wait for it.
void Loop::accept_from(int door, Clock::time_point arrived,
                       const Protocols& protocols) {
  Connection* latest = nullptr;
  for (int accepted = 0; accepted < most_accepted || !alone_; ++accepted) {
    Connection* const next = accept_one(door, arrived);
    if (latest != nullptr && next != nullptr && !alone_) {
      hand_over(*latest);
    } else if (latest != nullptr) {
      begin(*latest, protocols);
    }
    if (next == nullptr) return;
    latest = next;
    if (alone_ && settings_.shares_listeners) {
      // What has not been accepted another process may serve.
      begin(*std::exchange(latest, nullptr), protocols);
    }
  }
  if (latest != nullptr) begin(*latest, protocols);
  // The others have waited long enough.
  watch(listeners_[static_cast<std::size_t>(door)]);
}

/// The next connection that is allowed, held; null when nobody waits.
Connection* Loop::accept_one(int door, Clock::time_point arrived) {
  const Listener& listener = listeners_[static_cast<std::size_t>(door)];
  for (;;) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    auto* const peer = reinterpret_cast<sockaddr*>(&address);
    Descriptor socket(
        ::accept4(listener.fd(), peer, &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket) {
      if (is_allowed_peer(peer, settings_.socket)) {
        const bool full = limits_.max_connections != 0 &&
                          connections_.size() >= limits_.max_connections;
        Connection& connection = connections_.add(std::move(socket));
        connection.door = door;
        connection.peer.set(peer, size);
        connection.arrived.store(arrived, std::memory_order_relaxed);
        connection.refused = full;
        return &connection;
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
      const int error = errno;
      if (!accept_blocked_.exchange(true)) {
        static Repeated complaint;  // each connection that closes tries again
        complaint.log(
            LogLevel::warning,
            listener.name() +
                ": accept: " + std::generic_category().message(error) +
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
void Loop::begin(Connection& connection, const Protocols& protocols) {
  const std::uint32_t events = connection.events();
  if (!settle(connection, look(connection, protocols)) || !watch(connection)) {
    close(connection);
  } else if (!connection.release(events)) {
    attend_held(connection, protocols);
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
  if (drained()) wake_all();
}

/// The other threads wait for the last connection to go.
void Loop::wake_all() {
  signals_.pass_on();
  Signals::start_clock(std::chrono::milliseconds(1));
}

void Loop::attend(Connection& connection, const Protocols& protocols) {
  if (connection.acquire()) attend_held(connection, protocols);
}

void Loop::attend_held(Connection& connection, const Protocols& protocols) {
  for (;;) {
    const std::uint32_t events = connection.events();
    if (!settle(connection, look(connection, protocols))) {
      close(connection);
      return;
    }
    if (connection.release(events)) return;
  }
}

/// Has the protocol of its door look at a connection.
Next Loop::look(Connection& connection, const Protocols& protocols) {
  if (connection.state == Next::linger) return Next::linger;
  const auto door = static_cast<std::size_t>(connection.door);
  return protocols.by_door[door]->ready(connection);
}

const Limits& Loop::limits_of(const Connection& connection) const noexcept {
  return *settings_.door_limits[static_cast<std::size_t>(connection.door)];
}

/// Takes down what the protocol said; false when the connection is to close.
bool Loop::settle(Connection& connection, Next next) {
  const int fd = connection.socket.get();
  if (next == Next::idle && stopping_) {
    // Who has just connected is about to send a request, and has nobody else
    // to ask; one that has had an answer knows that it may be closed, as
    // drain() closes it.
    next = connection.silent ? Next::partial
           : has_input(fd)   ? Next::linger
                             : Next::close;
  }
  const Next before = std::exchange(connection.state, next);
  switch (next) {
    case Next::idle:
      if (limits_of(connection).idle_timeout.count() != 0) {
        connection.since = Clock::now();
        arm_timer();
      }
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

/// Closes what has been partial, lingering or idle for too long.
void Loop::tick(const Protocols& protocols) {
  std::uint64_t expirations = 0;
  [[maybe_unused]] const auto got =
      ::read(timer_.get(), &expirations, sizeof expirations);
  timer_armed_ = false;  // first: who arms it while we sweep is not lost
  if (accept_blocked_) retry_accept();
  if (settings_.every_second) {
    settings_.every_second();
    arm_timer();
  }
  const auto now = Clock::now();
  for (Connection* const connection : connections_.slots()) {
    if (!connection->acquire()) continue;
    if (is_overdue(*connection, now)) {
      close(*connection);
      continue;
    }
    if (connection->state != Next::idle ||
        limits_of(*connection).idle_timeout.count() != 0) {
      arm_timer();
    }
    if (!connection->release(1)) attend_held(*connection, protocols);
  }
}

bool Loop::is_overdue(const Connection& connection,
                      Clock::time_point now) const {
  const auto age = now - connection.since;
  const Limits& limits = limits_of(connection);
  switch (connection.state) {
    case Next::idle:
      return limits.idle_timeout.count() != 0 && age >= limits.idle_timeout;
    case Next::partial:
      return age >= (stopping_ ? std::min(stop_head_time, limits.head_timeout)
                               : limits.head_timeout);
    default:
      return age >= linger_time;
  }
}

void Loop::heed_signals(const Protocols& protocols) {
  if (signals_.take_reopen()) reopen_logs();
  if (signals_.take_reload()) {
    log(LogLevel::warning,
        "HUP: a service without processes of its own cannot reload; give "
        "--processes 1 or more, or restart it");
  }
  if (signals_.stop_requested()) drain(protocols);
}

/// Takes the connections that have come, but no more, and lets those go that
/// have nothing to say.
void Loop::drain(const Protocols& protocols) {
  if (stopping_.exchange(true)) return;
  for (std::size_t door = 0; door < listeners_.size(); ++door) {
    accept_from(static_cast<int>(door), Clock::now(), protocols);
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listeners_[door].fd(), nullptr);
  }
  for (Connection* const connection : connections_.slots()) {
    if (!connection->acquire()) continue;
    if (connection->state == Next::idle && !connection->silent &&
        !has_input(connection->socket.get())) {
      close(*connection);
    } else {
      attend_held(*connection, protocols);
    }
  }
  arm_timer();
  if (drained()) wake_all();
}

void Loop::retry_accept() {
  accept_blocked_ = false;
  if (stopping_) return;
  for (const Listener& listener : listeners_) watch(listener);
}

}  // namespace decant::service
