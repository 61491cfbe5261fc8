// SPDX-License-Identifier: MIT
// The serving loop: accepts connections, waits on all of them at once and lets
// worker threads handle those that have something to say.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "decant/service/limits.hpp"
#include "decant/service/listen/listener.hpp"
#include "decant/service/loop/acceptor.hpp"
#include "decant/service/loop/connection.hpp"
#include "decant/service/loop/control.hpp"
#include "decant/service/loop/turns.hpp"

namespace decant::service {

/// What speaks on the connections. Each worker thread has one of its own.
class Protocol {
 public:
  virtual ~Protocol() = default;
  /// Called when bytes may have arrived on `connection`, also without any.
  /// Must look at what is there without waiting, then may serve a request,
  /// as long as that takes. The socket does not block: waits for it are the
  /// protocol's, with the I/O time-out of the limits. Throws nothing.
  virtual Next ready(Connection& connection) = 0;
  /// The head of a request has not come to its end in time: the connection is
  /// closed afterwards. May say so to the peer, without waiting.
  virtual void expire(Connection& /*connection*/) {}
};

/// What a thread serves with: a protocol for each door.
using Protocols = std::vector<std::unique_ptr<Protocol>>;

/// Makes those of a thread, which are counted from 0. Called on it.
using MakeProtocols = std::function<Protocols(int thread)>;

/// How many threads a loop of so many may add for those that are lost.
int spare_threads(int threads) noexcept;

/// Serves until it is told to stop, then drains: requests that have come are
/// answered, connections without one are closed. An idle connection, a silent
/// one or one with half a request costs a slot in a table and never a thread.
class Loop {
 public:
  struct Settings {
    const SocketSettings& socket;
    const Limits& limits;
    /// Of each door, at the place of its listener.
    std::vector<const Limits*> door_limits;
    int threads = 1;
    /// One thread at a time: see Turns.
    bool takes_turns = false;
    /// Other processes accept from the same sockets.
    bool shares_listeners = false;
    DoorsAtEnd at_end = DoorsAtEnd::close;
    /// A descriptor whose other end is closed when the service is to stop, -1
    /// for none.
    int lifeline = -1;
    /// Stops when the first connection has had its first answer, or has left
    /// without one. With one thread.
    bool serves_once = false;
    /// Called at about that interval, on one of the threads; may be empty.
    std::function<void()> regularly;
    std::chrono::milliseconds interval{1000};
  };

  /// Borrows all of them.
  Loop(std::vector<Listener>& listeners, Control& control,
       const Settings& settings);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  /// Returns once the service has drained. With one thread that is the calling
  /// thread; else it waits for the control only.
  void run(const MakeProtocols& make_protocols);

 private:
  void work(const Protocols& protocols, int batch);
  void work_in_turns(const Protocols& protocols, int thread);
  int wait(std::span<epoll_event> events, Clock::time_point& arrived);
  bool drained() const noexcept;
  bool is_hopeless() const noexcept;
  void handle(const epoll_event& event, Clock::time_point arrived,
              const Protocols& protocols);
  void accept_from(int door, Clock::time_point arrived,
                   const Protocols& protocols);
  void accept_once(int door, Clock::time_point arrived,
                   const Protocols& protocols);
  void begin(Connection& connection, const Protocols& protocols);
  void hand_over(Connection& connection);
  bool watch(Connection& connection);
  void attend(Connection& connection, const Protocols& protocols);
  void attend_held(Connection& connection, const Protocols& protocols);
  bool settle(Connection& connection, Next next);
  void close(Connection& connection);
  void wake_all();
  void arm_timer();
  void tick(const Protocols& protocols);
  bool is_overdue(const Connection& connection, Clock::time_point now) const;
  void heed_control(const Protocols& protocols);
  void drain(const Protocols& protocols);
  void retry_accept();
  void watch(int fd, std::uint32_t events, void* tag);
  Next look(Connection& connection, const Protocols& protocols);
  const Limits& limits_of(const Connection& connection) const noexcept;

  Control& control_;
  const Settings settings_;
  Descriptor epoll_;
  Descriptor timer_;
  ConnectionTable connections_;
  Acceptor acceptor_;
  const bool alone_;       // one thread serves
  char interruption_ = 0;  // the tag of the control's descriptor
  std::atomic<bool> stopping_{false};
  std::atomic<bool> timer_armed_{false};
  // The batch of events belongs to the thread that has the turn (the leader).
  Turns turns_;
  std::array<epoll_event, 64> batch_;
  std::span<const epoll_event> pending_;
  Clock::time_point pending_since_;
};

}  // namespace decant::service
