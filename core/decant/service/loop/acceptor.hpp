// SPDX-License-Identifier: MIT
// Takes connections from the listening sockets of a loop.
#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

#include "decant/service/limits.hpp"
#include "decant/service/listen/listener.hpp"
#include "decant/service/loop/connection.hpp"

namespace decant::service {

/// What becomes of the listening sockets when their loop has stopped.
enum class DoorsAtEnd {
  stay,      ///< a next loop of this process accepts from them
  close,     ///< other processes have them too, and withdraw them in time
  withdraw,  ///< nobody else does: see Listener::withdraw()
};

/// Any thread may call it. Its listeners report to an epoll; their addresses
/// are the tags of the events.
class Acceptor {
 public:
  struct Settings {
    const SocketSettings& socket;
    const Limits& limits;
    /// Other processes accept from the same sockets.
    bool is_shared = false;
    DoorsAtEnd at_end = DoorsAtEnd::close;
  };

  /// Borrows all of them. Throws std::system_error.
  Acceptor(std::vector<Listener>& listeners, int epoll,
           ConnectionTable& connections, const Settings& settings);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor();

  /// The number of doors, which are counted from 0.
  std::size_t doors() const noexcept { return listeners_.size(); }
  /// The door that the tag of an event belongs to; -1: none.
  int door_of(const void* tag) const noexcept;
  bool is_shared() const noexcept { return settings_.is_shared; }

  /// The next connection that is allowed, held; null when nobody waits, or
  /// there is no room for one, which is_blocked() tells.
  Connection* accept(int door, Clock::time_point arrived);
  /// Has epoll report a door at once if anybody waits there.
  void watch(int door);
  /// Has epoll report that door no more.
  void leave(int door) noexcept;
  /// Everybody who waits at a door, which is closed then: nobody is left there
  /// to whom it would be shut.
  std::vector<Connection*> accept_last(int door, Clock::time_point arrived);

  /// Peers wait in a backlog until a connection closes or time has passed.
  bool is_blocked() const noexcept { return blocked_; }
  /// Tries again.
  void retry();

 private:
  Listener& at(int door) const noexcept {
    return listeners_[static_cast<std::size_t>(door)];
  }
  void block(const Listener& listener, int error);

  std::vector<Listener>& listeners_;
  const int epoll_;
  ConnectionTable& connections_;
  const Settings settings_;
  std::atomic<bool> blocked_{false};
  std::atomic<bool> closed_{false};
};

}  // namespace decant::service
