// SPDX-License-Identifier: MIT
// Starts a warm worker: one for each identity, by a lock on a file.
#pragma once

#include <optional>
#include <string>

#include "decant/descriptor.hpp"
#include "decant/server/warm/caller.hpp"

namespace decant::warm {

/// What a worker is started with.
struct Seat {
  Descriptor socket;  ///< bound, not yet listening
  Descriptor lock;    ///< held while the worker lives
};

/// Starts a worker for `wish` beside this process, unless there is one: the
/// same program with the same words, in a session of its own, with nothing open
/// but its seat. What keeps it from that is nobody's trouble: the request is
/// served here.
void start_worker(const Wish& wish, const std::string& program,
                  char** argv) noexcept;

/// The seat of this process, when it was started as a worker. Takes the
/// variable that says so out of the environment.
std::optional<Seat> take_seat();

}  // namespace decant::warm
