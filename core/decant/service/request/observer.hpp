// SPDX-License-Identifier: MIT
// Who watches the requests of a service: access log, counters.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "decant/gateway.hpp"
#include "decant/request_id.hpp"

namespace decant::service {

/// When a request came, and by which door.
struct Arrival {
  std::chrono::steady_clock::time_point time{};  ///< the epoch: nobody knows
  int door = 0;                                  ///< its place among the doors
  std::string_view door_name = {};
};

/// What is known of one request when it has ended.
struct RequestRecord {
  using Clock = std::chrono::steady_clock;

  std::uint64_t id;            ///< of next_request_id()
  const Variables& variables;  ///< as the web server sent them
  Arrival arrival = {};
  int status = 0;  ///< 0: no head was sent
  /// Of the bodies: what the application read, and what was taken from it.
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  Clock::time_point begun;
  Clock::duration taken{};   ///< from `begun` to the end
  Clock::duration waited{};  ///< between the arrival and `begun`
  Outcome outcome = Outcome::failed;
};

/// One per worker thread, told of each request on that thread.
class Observer {
 public:
  virtual ~Observer() = default;
  /// `variables` stay valid until end() has returned.
  virtual void begin(const RequestRecord& record) noexcept = 0;
  /// Follows each begin(), whatever happened.
  virtual void end(const RequestRecord& record) noexcept = 0;
  /// True when it shows the numbers of requests: then the log does so too.
  virtual bool shows_ids() const noexcept { return false; }
};

/// Several observers as one, told in the order in which they were added.
class Observers final : public Observer {
 public:
  void add(std::unique_ptr<Observer> observer) {
    observers_.push_back(std::move(observer));
  }

  void begin(const RequestRecord& record) noexcept override;
  void end(const RequestRecord& record) noexcept override;
  bool shows_ids() const noexcept override;

 private:
  std::vector<std::unique_ptr<Observer>> observers_;
};

/// What stands for `observers`, of which some may be null: null for none, the
/// one itself, or all of them in one.
std::unique_ptr<Observer> together(
    std::vector<std::unique_ptr<Observer>> observers);

/// A number that no other request of the service has: the process in the upper
/// 24 bits, a count in the lower 40. Never 0.
std::uint64_t next_request_id() noexcept;

/// gateway::run() with `observer` told of it, and lines of the log that carry
/// the request's number if the observer shows it. A null observer costs
/// nothing. Called on the observer's thread.
Outcome run_observed(const Exchange& exchange, const Application& application,
                     Observer* observer, const Arrival& arrival = {});

/// Tells `observer`, which may be null, of a request that was answered with
/// `status` without being one.
void observe_refusal(Observer* observer, const Variables& variables, int status,
                     const Arrival& arrival);

}  // namespace decant::service
