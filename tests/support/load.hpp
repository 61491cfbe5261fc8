// SPDX-License-Identifier: MIT
// A web server that asks a service again and again.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/socket_client.hpp"

namespace decant::test {

struct LoadSettings {
  std::string endpoint;
  /// "fcgi", "http", "scgi" or "uwsgi".
  std::string protocol = "fcgi";
  /// Requests at the same time.
  int connections = 4;
  /// Each connection serves many requests, as with `keepalive` in nginx. SCGI
  /// and uwsgi have one for each.
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
class Load {
 public:
  class Client;

  explicit Load(LoadSettings settings);
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load() { stop(); }

  std::uint64_t answered() const noexcept { return answered_; }
  /// Requests that were sent again.
  std::uint64_t stale() const noexcept { return stale_; }
  /// Waits until `count` more responses have come.
  bool await(std::uint64_t count) const;
  /// From now on the service may refuse connections: who is refused is done.
  void expect_end() noexcept { ending_ = true; }
  /// Finishes the requests in flight. Gives what went wrong, a line each.
  const std::string& stop();

 private:
  std::unique_ptr<Client> connect() const;
  void run();
  void fail(const std::string& what);

  const LoadSettings settings_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> ending_{false};
  std::atomic<std::uint64_t> answered_{0};
  std::atomic<std::uint64_t> stale_{0};
  std::mutex mutex_;
  std::string failures_;
  std::vector<std::jthread> threads_;
};

}  // namespace decant::test
