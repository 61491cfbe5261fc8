// SPDX-License-Identifier: MIT
// What a warm worker knows of itself: whose it is, and whether it still is what
// its application's files say.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "decant/server/warm.hpp"
#include "decant/server/warm/place.hpp"
#include "decant/server/warm/processor_time.hpp"
#include "decant/service/listen/listener.hpp"
#include "decant/service/process/source_watch.hpp"

namespace decant::warm {

/// Used by one thread.
class Worker {
 public:
  /// Borrows `identity` and `options`.
  Worker(Seat seat, Place place, const std::string& identity, std::string name,
         const Options& options)
      : options_(options),
        identity_(identity),
        seat_(std::move(seat)),
        place_(std::move(place)),
        name_(std::move(name)) {
    for (const std::string& file : options.files) sources_.add(file);
  }

  /// Loads, and has others find it. Throws LoadError.
  Application load(const Loader& load);
  /// The socket of its seat, which the service closes at its end.
  service::Listener take_listener();

  const std::string& identity() const noexcept { return identity_; }
  /// True when what it has loaded is no longer what is there. Then it hides, so
  /// that the next worker can take its place, and ends; unless its file is only
  /// gone, which may come back.
  bool is_stale();
  void before_request() const noexcept { time_.grant(); }
  void after_request() noexcept;
  std::string report() const;
  /// Gives up what would tell others that it is there.
  void hide() noexcept;
  /// Ends when nothing is left to be served, and lets another take its place.
  void retire() noexcept;

 private:
  const Options& options_;
  const std::string& identity_;
  Seat seat_;
  Place place_;
  std::string name_;
  service::SourceWatch sources_;
  std::chrono::steady_clock::time_point looked_{};
  const std::chrono::steady_clock::time_point begun_ =
      std::chrono::steady_clock::now();
  std::uint64_t requests_ = 0;
  bool stale_ = false;
  bool missing_ = false;
  std::vector<std::string> own_files_;
  const ProcessorTime time_;
};

}  // namespace decant::warm
