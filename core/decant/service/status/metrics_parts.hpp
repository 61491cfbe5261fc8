// SPDX-License-Identifier: MIT
// What the texts made of a scoreboard have in common: sums and numbers.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "decant/service/status/scoreboard.hpp"

namespace decant::service {

/// How many durations a histogram holds.
std::uint64_t count_of(const Histogram& histogram) noexcept;

std::chrono::nanoseconds sum_of(const Histogram& histogram) noexcept;

/// Workers in one state.
std::size_t count_of(const Snapshot& snapshot, WorkerState state) noexcept;
/// The states of a worker, in the order they are shown.
inline constexpr std::array worker_states = {
    WorkerState::starting, WorkerState::ready, WorkerState::draining};

/// Threads of all workers, and those of them that serve a request.
std::size_t all_threads(const Snapshot& snapshot) noexcept;
std::size_t busy_threads(const Snapshot& snapshot) noexcept;

/// Seconds as a decimal fraction, exact, with one digit after the point at
/// least: "0.0025", "60.0".
std::string seconds_text(std::chrono::nanoseconds duration);

/// When the service started, RFC 3339 in UTC: "2026-01-31T12:00:00Z".
std::string start_text(const Snapshot& snapshot);

}  // namespace decant::service
