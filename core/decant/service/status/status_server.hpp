// SPDX-License-Identifier: MIT
// Serves the status of a service on an endpoint of its own, beside whatever
// else its thread waits for.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "decant/descriptor.hpp"
#include "decant/service/listen/listener.hpp"
#include "decant/service/status/status_http.hpp"

namespace decant::service {

/// A few connections, each for one request and a few seconds. Never waits.
class StatusServer {
 public:
  /// Peers that `settings` does not allow are closed at once. `source` is
  /// called in work(). A connection may take `time_limit` from beginning to
  /// end. Throws std::system_error when there are no descriptors left.
  StatusServer(Listener listener, SocketSettings settings,
               SnapshotSource source,
               std::chrono::milliseconds time_limit = std::chrono::seconds(5));
  StatusServer(const StatusServer&) = delete;
  StatusServer& operator=(const StatusServer&) = delete;
  ~StatusServer();

  /// An epoll descriptor: readable when work() has something to do, which
  /// includes peers that took too long.
  int descriptor() const noexcept { return epoll_.get(); }
  /// Does what can be done without waiting. What fails is logged and ends one
  /// connection.
  void work() noexcept;

  /// For a child process that is to serve something else: closes its copies of
  /// all descriptors and leaves the parent's server and its socket file as
  /// they are. Nothing but the destructor may be called after it.
  void leave() noexcept;

 private:
  struct Peer;

  void attend(void* tag) noexcept;
  void accept_peers();
  void add(Descriptor socket);
  bool serve(Peer& peer);
  bool receive(Peer& peer);
  bool send(Peer& peer);
  void drop(Peer& peer) noexcept;
  void end_what_is_late() noexcept;
  void pause_accepting(int error);
  void watch(int operation, int fd, unsigned events, void* tag) noexcept;
  void arm_timer() noexcept;

  // Held by a pointer so that leave() can let go of its file.
  std::unique_ptr<Listener> listener_;
  SocketSettings settings_;
  SnapshotSource source_;
  std::chrono::milliseconds time_limit_;
  Descriptor epoll_;
  Descriptor timer_;
  std::list<Peer> peers_;  // the oldest first
  /// When to accept again; no value while that goes on.
  std::optional<std::chrono::steady_clock::time_point> resume_;
};

}  // namespace decant::service
