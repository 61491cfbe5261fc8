// SPDX-License-Identifier: MIT
// The serving loop: accepts connections, waits on all of them at once and lets
// worker threads handle those that have something to say.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "decant/service/connection.hpp"
#include "decant/service/limits.hpp"
#include "decant/service/listener.hpp"
#include "decant/service/signals.hpp"

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
};

using MakeProtocol = std::function<std::unique_ptr<Protocol>()>;

/// Serves until it is told to stop. An idle connection, a silent one or one
/// with half a request costs a slot in a table and never a thread.
class Loop {
 public:
  Loop(std::vector<Listener> listeners, const SocketSettings& settings,
       const Limits& limits, const Signals& signals);

  /// Runs `threads` workers and returns once the service has drained. With one
  /// thread that is the calling thread.
  void run(int threads, const MakeProtocol& make_protocol);

 private:
  void work(Protocol& protocol, int batch);
  void handle(void* tag, Protocol& protocol);
  void accept_from(Listener& listener, Protocol& protocol);
  Connection* accept_one(const Listener& listener);
  void begin(Connection& connection, Protocol& protocol);
  void hand_over(Connection& connection);
  bool watch(Connection& connection);
  void attend(Connection& connection, Protocol& protocol);
  void attend_held(Connection& connection, Protocol& protocol);
  bool settle(Connection& connection, Next next);
  void close(Connection& connection);
  void arm_timer();
  void tick(Protocol& protocol);
  void stop_accepting(Protocol& protocol);
  void retry_accept();
  void watch(int fd, std::uint32_t events, void* tag);
  void wake(Listener& listener);

  std::vector<Listener> listeners_;
  const SocketSettings& settings_;
  const Limits& limits_;
  const Signals& signals_;
  Descriptor epoll_;
  Descriptor timer_;
  ConnectionTable connections_;
  bool alone_ = false;  // one thread serves
  std::atomic<bool> stopping_{false};
  std::atomic<bool> timer_armed_{false};
  std::atomic<bool> accept_blocked_{false};
};

}  // namespace decant::service
