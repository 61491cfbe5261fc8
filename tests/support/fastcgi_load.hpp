// SPDX-License-Identifier: MIT
// A web server that asks a FastCGI service again and again.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/fastcgi_client.hpp"

namespace decant::test {

struct LoadSettings {
  std::string endpoint;
  /// Requests at the same time.
  int connections = 4;
  /// Each connection serves many requests, as with `keepalive` in nginx.
  bool keep = false;
  std::string path = "/";
  /// In every response.
  std::string expect = "200";
};

/// Asks from threads of its own until it is stopped.
///
/// As nginx does it, a request is sent again when the connection had served
/// one before and is closed without a single byte of a response: the service
/// may close what is idle. Anything else but a whole response is a failure.
class FastcgiLoad {
 public:
  explicit FastcgiLoad(LoadSettings settings);
  FastcgiLoad(const FastcgiLoad&) = delete;
  FastcgiLoad& operator=(const FastcgiLoad&) = delete;
  ~FastcgiLoad() { stop(); }

  std::uint64_t answered() const noexcept { return answered_; }
  /// Requests that were sent again.
  std::uint64_t stale() const noexcept { return stale_; }
  /// Waits until `count` more responses have come.
  bool await(std::uint64_t count) const;
  /// Finishes the requests in flight. Gives what went wrong, a line each.
  const std::string& stop();

 private:
  void run();
  void fail(const std::string& what);

  const LoadSettings settings_;
  const std::string request_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> answered_{0};
  std::atomic<std::uint64_t> stale_{0};
  std::mutex mutex_;
  std::string failures_;
  std::vector<std::jthread> threads_;
};

}  // namespace decant::test
