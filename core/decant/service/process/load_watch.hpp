// SPDX-License-Identifier: MIT
// An eye on an application that takes long to load.
#pragma once

#include <signal.h>

#include <chrono>
#include <string>

namespace decant::service {

/// While it lives standard error is told now and then that the application is
/// still loading, and where, as far as its runtime can tell. When `limit` is
/// over, 0: never, the process ends with exit_not_loaded. By a timer and a
/// signal handler: a process that had a second thread, if only for a moment,
/// pays for it with each system call. One at a time.
class LoadWatch {
 public:
  /// On the thread that is about to load. `name` is for the log. Throws
  /// std::system_error.
  LoadWatch(const std::string& name, std::chrono::seconds limit);
  LoadWatch(const LoadWatch&) = delete;
  LoadWatch& operator=(const LoadWatch&) = delete;
  ~LoadWatch();

 private:
  struct sigaction before_ {};
};

}  // namespace decant::service
