// SPDX-License-Identifier: MIT
// The status of a service over HTTP/1.1 (RFC 9112), as far as that needs it:
// one request, one response, bytes in and bytes out.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "decant/service/status/scoreboard.hpp"

namespace decant::service {

/// Gives what is to be shown, without the memory of the workers.
using SnapshotSource = std::function<Snapshot()>;

/// Adds that to what is to be shown: it costs the kernel some time.
using MeasureMemory = void (*)(Snapshot& snapshot);

/// The head of a request may have so many bytes.
inline constexpr std::size_t most_status_head = 8192;

/// The whole response to the request at the front of `bytes`; no value while
/// its head is incomplete. Answers GET and HEAD of
///   /status       JSON
///   /status.txt   a table for people
///   /metrics      OpenMetrics
///   /ping         "ok", or 503 while no worker is ready
/// and what is malformed with 400, a method other than those two with 405,
/// another path with 404, a head beyond the limit with 431, another major
/// version with 505. Memory is measured once for a page that shows it, and not
/// for others. The connection is to be closed after it.
std::optional<std::string> answer_status(
    std::string_view bytes, const SnapshotSource& source,
    MeasureMemory measure = measure_memory);

}  // namespace decant::service
