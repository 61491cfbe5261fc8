// SPDX-License-Identifier: MIT
#include "decant/service/loop/loop.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <thread>

#include "decant/service/log/log.hpp"
#include "decant/service/loop/deadline.hpp"
#include "decant/service/loop/forked_child.hpp"

namespace decant::service {
namespace {

constexpr std::chrono::seconds linger_time{2};
/// While the service stops, for the rest of a head that has begun to arrive.
constexpr std::chrono::seconds stop_head_time{2};
constexpr int largest_batch = 64;
/// So many new connections before the old ones have their turn.
constexpr int most_accepted = 64;

Protocol& protocol_of(const Connection& connection,
                      const Protocols& protocols) {
  return *protocols[static_cast<std::size_t>(connection.door)];
}

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

Descriptor make_epoll() {
  Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) fail("epoll_create1");
  return epoll;
}

}  // namespace

int spare_threads(int threads) noexcept {
  return threads <= 1 ? 0 : threads;
}

Loop::Loop(std::vector<Listener>& listeners, Control& control,
           const Settings& settings)
    : control_(control),
      settings_(settings),
      epoll_(make_epoll()),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)),
      acceptor_(listeners, epoll_.get(), connections_,
                {.socket = settings.socket,
                 .limits = settings.limits,
                 .is_shared = settings.shares_listeners,
                 .at_end = settings.at_end}),
      alone_(settings.threads <= 1) {
  if (!timer_) fail("timerfd_create");
  keep_from_forks(epoll_.get());
  keep_from_forks(timer_.get());
  watch(timer_.get(), EPOLLIN | EPOLLET, &timer_);
  watch(control.descriptor(), EPOLLIN | EPOLLET, &control_);
  if (alone_ && control.interruption() >= 0) {
    watch(control.interruption(), EPOLLIN, &interruption_);
  }
  if (settings_.lifeline >= 0) {
    watch(settings_.lifeline, EPOLLET, &stopping_);
  }
  if (settings_.regularly) arm_timer();
}

Loop::~Loop() {
  forget_for_forks(epoll_.get());
  forget_for_forks(timer_.get());
}

void Loop::watch(int fd, std::uint32_t events, void* tag) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = tag;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    fail("epoll_ctl");
  }
}

void Loop::run(const MakeProtocols& make_protocols) {
  if (alone_) {
    const ServesFor here(control_);
    return work(make_protocols(0), largest_batch);
  }
  std::vector<std::jthread> workers;
  const int with_spare = settings_.threads + spare_threads(settings_.threads);
  const auto most = static_cast<std::size_t>(with_spare);
  workers.reserve(most);
  const auto add = [&] {
    const int index = static_cast<int>(workers.size());
    workers.emplace_back([this, &make_protocols, index] {
      const ServesFor here(control_);
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
    control_.await();
    if (is_hopeless()) control_.give_up();
    for (int lost = take_lost_threads(); lost > 0 && workers.size() < most;
         --lost) {
      add();
    }
  }
}

int Loop::wait(std::span<epoll_event> events, Clock::time_point& arrived) {
  const int count = ::epoll_wait(epoll_.get(), events.data(),
                                 static_cast<int>(events.size()), -1);
  if (count < 0) {
    if (errno != EINTR) give_up();
    if (alone_) control_.heed_interruption();
  }
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
  control_.pass_on();
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
  if (tag == &control_) {
    heed_control(protocols);
  } else if (tag == &interruption_) {
    control_.heed_interruption();
  } else if (tag == &stopping_) {
    control_.request_stop();
  } else if (tag == &timer_) {
    tick(protocols);
  } else if (const int door = acceptor_.door_of(tag); door >= 0) {
    accept_from(door, arrived, protocols);
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
  if (settings_.serves_once) return accept_once(door, arrived, protocols);
  Connection* latest = nullptr;
  for (int accepted = 0; accepted < most_accepted || !alone_; ++accepted) {
    Connection* const next = acceptor_.accept(door, arrived);
    if (latest != nullptr && next != nullptr && !alone_) {
      hand_over(*latest);
    } else if (latest != nullptr) {
      begin(*latest, protocols);
    }
    if (next == nullptr) {
      if (acceptor_.is_blocked()) arm_timer();
      return;
    }
    latest = next;
    if (alone_ && acceptor_.is_shared()) {
      // What has not been accepted another process may serve.
      begin(*std::exchange(latest, nullptr), protocols);
    }
  }
  if (latest != nullptr) begin(*latest, protocols);
  // The others have waited long enough.
  acceptor_.watch(door);
}

/// With its answer the connection is told that it ends.
void Loop::accept_once(int door, Clock::time_point arrived,
                       const Protocols& protocols) {
  if (stopping_) return;
  Connection* const only = acceptor_.accept(door, arrived);
  if (only == nullptr) return;
  stopping_ = true;
  for (std::size_t i = 0; i < acceptor_.doors(); ++i) {
    acceptor_.leave(static_cast<int>(i));
  }
  control_.request_stop();
  begin(*only, protocols);
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
  // Release the connection before epoll knows it, or a wake-up is lost: an
  // event of a connection that is held is left to the thread that holds it.
  // Until then only the timer's sweep can have counted an event, which needs no
  // look.
  while (!connection.release(connection.events())) {
  }
  if (!watch(connection) && connection.acquire()) close(connection);
}

void Loop::close(Connection& connection) {
  connections_.remove(connection);
  retry_accept();
  if (drained()) wake_all();
}

/// The other threads wait for the last connection to go.
void Loop::wake_all() {
  control_.pass_on();
  control_.wake();
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
  return protocol_of(connection, protocols).ready(connection);
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
    next = connection.silent && control_.is_patient() ? Next::partial
           : has_input(fd)                            ? Next::linger
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
  when.it_value.tv_sec = settings_.interval.count() / 1000;
  when.it_value.tv_nsec = settings_.interval.count() % 1000 * 1'000'000;
  ::timerfd_settime(timer_.get(), 0, &when, nullptr);
}

/// Closes what has been partial, lingering or idle for too long.
void Loop::tick(const Protocols& protocols) {
  std::uint64_t expirations = 0;
  [[maybe_unused]] const auto got =
      ::read(timer_.get(), &expirations, sizeof expirations);
  // Before the sweep: a thread that arms the timer meanwhile is not overlooked.
  timer_armed_ = false;
  retry_accept();
  if (settings_.regularly) {
    settings_.regularly();
    arm_timer();
  }
  const auto now = Clock::now();
  for (Connection* const connection : connections_.slots()) {
    if (!connection->acquire()) continue;
    if (is_overdue(*connection, now)) {
      if (connection->state == Next::partial) {
        protocol_of(*connection, protocols).expire(*connection);
      }
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
      return age >= (stopping_ && !settings_.serves_once
                         ? std::min(stop_head_time, limits.head_timeout)
                         : limits.head_timeout);
    default:
      return age >= linger_time;
  }
}

void Loop::heed_control(const Protocols& protocols) {
  if (control_.take_reopen()) reopen_logs();
  if (control_.take_reload()) {
    log(LogLevel::warning,
        "HUP: a service without processes of its own cannot reload; give "
        "--processes 1 or more, or restart it");
  }
  if (control_.stop_requested()) drain(protocols);
}

/// Takes the connections that have come, but no more, and lets those go that
/// have nothing to say.
void Loop::drain(const Protocols& protocols) {
  if (stopping_.exchange(true)) return;
  for (std::size_t i = 0; i < acceptor_.doors(); ++i) {
    const int door = static_cast<int>(i);
    if (settings_.at_end == DoorsAtEnd::stay) {
      accept_from(door, Clock::now(), protocols);
      acceptor_.leave(door);
      continue;
    }
    for (Connection* const last : acceptor_.accept_last(door, Clock::now())) {
      if (alone_) {
        begin(*last, protocols);
      } else {
        hand_over(*last);
      }
    }
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
  if (!stopping_ && acceptor_.is_blocked()) acceptor_.retry();
}

}  // namespace decant::service
