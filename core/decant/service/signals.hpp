// SPDX-License-Identifier: MIT
// The signals of a service: TERM and INT drain and stop, a second one or QUIT
// stops now.
#pragma once

#include <signal.h>

#include <chrono>
#include <string>
#include <vector>

namespace decant::service {

/// Installs the handlers; one object per process, made before any thread.
/// HUP and USR1 are ignored, so that neither ends the service.
class Signals {
 public:
  /// `files` are removed when the service stops at once; `grace` is how long
  /// requests in flight may take after the first TERM or INT.
  Signals(std::vector<std::string> files, std::chrono::seconds grace);
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals();

  /// An eventfd that is written once the service is to drain and stop.
  int stop_descriptor() const noexcept;
  /// Writes it again, for the next thread that waits for its edge.
  void pass_on_stop() const noexcept;
  /// True once the service is to drain and stop.
  bool stop_requested() const noexcept;
  /// Blocks TERM and INT in this thread. A thread that serves requests must
  /// not be interrupted in a read: libraries take that for a lost peer.
  static void block_stop() noexcept;
  /// The signal mask for a thread that waits and may be interrupted.
  static sigset_t waiting_mask() noexcept;
};

}  // namespace decant::service
