// SPDX-License-Identifier: MIT
// A scoreboard as text: for people, for scripts, for Prometheus.
#pragma once

#include <string>

#include "decant/service/status/scoreboard.hpp"

namespace decant::service {

/// A table for a terminal, ASCII, lines ended by a newline.
std::string status_text(const Snapshot& snapshot);

/// One JSON object (RFC 8259), ASCII: the service, its totals and every worker
/// with its requests in flight. Times are seconds, the counts of a histogram
/// cumulative.
std::string status_json(const Snapshot& snapshot);

/// OpenMetrics 1.0 text, metric families decant_*.
std::string open_metrics(const Snapshot& snapshot);

/// The media type of what open_metrics() gives.
inline constexpr char open_metrics_type[] =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

}  // namespace decant::service
