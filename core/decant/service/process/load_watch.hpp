// SPDX-License-Identifier: MIT
// An eye on an application that takes long to load.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace decant::service {

/// While it lives the log is told now and then that the application is still
/// loading, and where, as far as its runtime can tell. When `limit` is over, 0:
/// never, the process ends with exit_not_loaded.
class LoadWatch {
 public:
  /// On the thread that is about to load. `name` is for the log.
  LoadWatch(std::string name, std::chrono::seconds limit);
  LoadWatch(const LoadWatch&) = delete;
  LoadWatch& operator=(const LoadWatch&) = delete;
  ~LoadWatch();

 private:
  void watch();
  bool loaded_before(std::chrono::steady_clock::time_point time);
  void show_stack() const noexcept;

  const std::string name_;
  const std::chrono::seconds limit_;
  const pid_t loading_;  // thread
  std::mutex mutex_;
  std::condition_variable changed_;
  bool loaded_ = false;
  std::thread thread_;
};

}  // namespace decant::service
