// SPDX-License-Identifier: MIT
#include "decant/service/status/metrics_parts.hpp"

#include <time.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace decant::service {

std::uint64_t count_of(const Histogram& histogram) noexcept {
  return std::accumulate(histogram.buckets.begin(), histogram.buckets.end(),
                         std::uint64_t{0});
}

std::chrono::nanoseconds sum_of(const Histogram& histogram) noexcept {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(histogram.sum));
}

std::size_t count_of(const Snapshot& snapshot, WorkerState state) noexcept {
  return static_cast<std::size_t>(
      std::count_if(snapshot.workers.begin(), snapshot.workers.end(),
                    [state](const auto& it) { return it.state == state; }));
}

std::size_t all_threads(const Snapshot& snapshot) noexcept {
  return static_cast<std::size_t>(snapshot.threads) * snapshot.workers.size();
}

std::size_t busy_threads(const Snapshot& snapshot) noexcept {
  std::size_t busy = 0;
  for (const WorkerSnapshot& worker : snapshot.workers) {
    busy += worker.in_flight.size();
  }
  return busy;
}

std::string seconds_text(std::chrono::nanoseconds duration) {
  constexpr std::uint64_t second = 1'000'000'000;
  const auto ticks = static_cast<std::uint64_t>(duration.count());
  std::string fraction = std::to_string(second + ticks % second).substr(1);
  fraction.erase(std::max<std::size_t>(fraction.find_last_not_of('0') + 1, 1));
  return std::to_string(ticks / second) + '.' + fraction;
}

std::string start_text(const Snapshot& snapshot) {
  const std::time_t time =
      std::chrono::system_clock::to_time_t(snapshot.started);
  std::tm parts{};
  std::array<char, 32> text{};
  ::gmtime_r(&time, &parts);
  const std::size_t size =
      std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), size};
}

}  // namespace decant::service
