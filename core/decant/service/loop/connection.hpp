// SPDX-License-Identifier: MIT
// The connections of a service: a table that many threads use without a lock
// on the path of a request.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "decant/descriptor.hpp"

namespace decant::service {

using Clock = std::chrono::steady_clock;

/// What a connection is about, as the protocol last said.
enum class Next {
  idle,     ///< between requests: it may stay so for ever
  partial,  ///< a request has begun to arrive: the head time-out runs
  linger,   ///< answered: close it once the peer has, or soon
  close,    ///< close it now
};

/// The address of one end of a connection.
class SocketAddress {
 public:
  void set(const sockaddr* address, socklen_t size) noexcept;
  /// Of any family; AF_UNIX has no address.
  const sockaddr* address() const noexcept { return &any_; }

 private:
  union {
    sockaddr any_;
    sockaddr_in v4_;
    sockaddr_in6 v6_{};
  };
};

/// What is kept of a connection that stopped in the middle of something.
struct Unfinished {
  std::string bytes;          ///< read, and not yet used
  std::size_t wanted = 0;     ///< not worth a scan before there are so many
  std::uint64_t to_skip = 0;  ///< bytes to come of a piece that nobody reads
  std::uint64_t skipped = 0;  ///< since the last request
};

/// One accepted connection. Only the thread that holds it touches the fields.
class Connection {
 public:
  Descriptor socket;
  int door = 0;         ///< by which it came
  SocketAddress peer;   ///< whoever connected
  SocketAddress local;  ///< where to; set once a protocol has asked for it
  /// The protocol knows what it wants to know of the connection.
  bool introduced = false;
  /// When the event came that it is looked at for. Set by whichever thread got
  /// the event.
  std::atomic<Clock::time_point> arrived{};
  Next state = Next::idle;
  Clock::time_point since;  ///< when it came, or got into its state, but for
                            ///< `idle` without a time-out
  /// Nothing has come on it so far.
  bool silent = true;
  /// Beyond the number of connections that are served: to be refused.
  bool refused = false;
  /// An event said that the peer has closed the connection or its half of it:
  /// no further one will come, so that whoever looks next must read to the
  /// end. Set by whichever thread got the event.
  std::atomic<bool> hung_up{false};
  /// Null while there is nothing to keep, as for most idle connections.
  std::unique_ptr<Unfinished> kept;

  /// Counts an event. True when the caller is to handle it and now holds the
  /// connection; false when another thread does or when it is gone. An event
  /// that is late, and meets the connection which has the slot next, does no
  /// harm: that connection is looked at and found to have nothing new.
  bool acquire() noexcept;
  /// Events counted so far; all of them are handled by one look that follows.
  std::uint32_t events() const noexcept;
  /// Says that `events` have been handled. True when the connection is free
  /// again, false when more have come and it is to be handled once more.
  bool release(std::uint32_t events) noexcept;

 private:
  friend class ConnectionTable;
  static constexpr std::uint32_t in_use = 1U << 31;
  std::atomic<std::uint32_t> word_{0};  // in_use and the events to be handled
};

/// Slots for connections, used again and never freed, so that an event may
/// point to one without more ado.
class ConnectionTable {
 public:
  /// Puts a connection in. The caller holds it, with one event to handle.
  Connection& add(Descriptor socket);
  /// Closes a connection that the caller holds.
  void remove(Connection& connection);
  /// Every slot, in use or not.
  std::vector<Connection*> slots();
  std::size_t size() const noexcept { return size_.load(); }

 private:
  std::mutex mutex_;
  std::deque<Connection> slots_;
  std::vector<Connection*> free_;
  std::atomic<std::size_t> size_{0};
};

}  // namespace decant::service
