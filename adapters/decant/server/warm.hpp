// SPDX-License-Identifier: MIT
// The server side for warm CGI: a worker that requests are handed over to.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "decant/application.hpp"
#include "decant/normaliser.hpp"
#include "decant/server/warm/starter.hpp"

namespace decant::warm {

struct Options {
  normaliser::Rules rules;
  /// What it is called towards people.
  std::string app;
  /// The worker ends after so long without a request.
  std::chrono::seconds idle_exit{300};
  /// And after so many requests; 0: any number.
  std::uint64_t max_requests = 0;
  /// Files of the application beside those that its runtime names.
  std::vector<std::string> files;
};

/// Serves from `seat` what is handed over for `identity`: one request at a
/// time, with the descriptors of its program. Ends when it has been idle, when
/// a file of the application has changed, and on TERM. Gives the exit status.
int serve(const Loader& load, Seat seat, const std::string& identity,
          const Options& options);

}  // namespace decant::warm
