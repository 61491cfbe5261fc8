// SPDX-License-Identifier: MIT
// Starts a warm worker: one for each identity, by a lock on a file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "decant/descriptor.hpp"

namespace decant::warm {

/// What a worker is started with.
struct Seat {
  Descriptor socket;  ///< bound, not yet listening
  Descriptor lock;    ///< held while the worker lives
};

/// How this process was started, where it has changed since.
struct Origin {
  Descriptor directory;                  ///< none: it is where it was
  std::vector<std::string> environment;  ///< empty: it is as it was
};

/// Starts a worker of that name beside this process, unless there is one: the
/// same program with the same words, in a session of its own, with nothing open
/// but its seat. What keeps it from that is nobody's trouble: the request is
/// served here.
void start_worker(const std::string& name, const std::string& program,
                  char** argv, const Origin& origin) noexcept;

/// The seat of this process, when it was started as a worker. Takes the
/// variable that says so out of the environment.
std::optional<Seat> take_seat();

}  // namespace decant::warm
