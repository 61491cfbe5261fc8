// SPDX-License-Identifier: MIT
// Moments as logs write them: in UTC, since an application may change the time
// zone of its process, and free of locale and lock.
#pragma once

#include <chrono>
#include <string>

namespace decant::service {

using WallTime = std::chrono::system_clock::time_point;

/// "2026-11-21T08:49:13.123Z" (RFC 3339 section 5.6)
void append_rfc3339(std::string& out, WallTime time);

/// "21/Nov/2026:08:49:13 +0000", as access logs have it.
void append_clf_time(std::string& out, WallTime time);

/// Seconds with their microseconds: "0.001234".
void append_seconds(std::string& out, std::chrono::nanoseconds time);

}  // namespace decant::service
