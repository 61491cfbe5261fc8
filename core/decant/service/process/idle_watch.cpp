// SPDX-License-Identifier: MIT
#include "decant/service/process/idle_watch.hpp"

#include <algorithm>

namespace decant::service {

bool IdleWatch::is_over() {
  if (limit_.count() == 0) return false;
  const Snapshot snapshot = board_.snapshot();
  const bool busy =
      std::any_of(snapshot.workers.begin(), snapshot.workers.end(),
                  [](const WorkerSnapshot& w) { return !w.in_flight.empty(); });
  if (busy || snapshot.totals.requests != requests_) {
    requests_ = snapshot.totals.requests;
    restart();
  }
  return Clock::now() - since_ >= limit_;
}

}  // namespace decant::service
