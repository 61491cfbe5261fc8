// SPDX-License-Identifier: MIT
// A service in a process that is somebody else's, as an interpreter in which a
// person works: it forks nothing, touches no signal and ends no process.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "decant/application.hpp"
#include "decant/service/door.hpp"
#include "decant/service/options.hpp"
#include "decant/streams.hpp"

namespace decant::service {

/// What a hosted service is offered while it serves.
struct Host {
  /// Readable when a signal wants the thread that called serve(); -1: never.
  int interruption = -1;
  /// Called on that thread when a signal may have come; reads `interruption`
  /// empty, and may call stop(). May be empty. Throws nothing.
  std::function<void()> heed;
  /// Makes a further observer for each thread that serves; may be empty.
  std::function<std::unique_ptr<Observer>()> make_observer;
  /// Where lines about requests go, called on the threads that serve; null: the
  /// log.
  ErrorSink* errors = nullptr;
};

/// Several may serve at once, each on a thread of its own.
class HostedService {
 public:
  /// Opens the doors. Throws UsageError for an option that needs a process of
  /// the service's own, and what service::serve() throws. `name` stands in
  /// front of lines of the log.
  HostedService(const std::vector<Door>& doors, const Options& options,
                const std::string& name);
  HostedService(const HostedService&) = delete;
  HostedService& operator=(const HostedService&) = delete;
  /// Closes the doors. Nobody serves any more.
  ~HostedService();

  /// The endpoints as they were opened, and their sockets, which stay the
  /// service's.
  std::vector<std::string> endpoints() const;
  std::vector<int> sockets() const;

  /// Serves until it is stopped, then drains. With one thread that is the
  /// calling one; else others serve, and it waits. One call at a time; there
  /// may be a next one.
  void serve(const Application& application, const Host& host);
  /// Serves one request, or lets go of one connection that has sent none.
  void serve_once(const Application& application, const Host& host);
  /// Has serve() return, or the next call of it if none goes on. Any thread may
  /// call it.
  void stop() noexcept;

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace decant::service
