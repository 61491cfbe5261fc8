// SPDX-License-Identifier: MIT
// The log of a service: lines on standard error.
#pragma once

#include <string_view>

#include "decant/streams.hpp"

namespace decant::service {

enum class LogLevel { error, warning, info, debug };

/// Lines at or below this level are written. Process-wide, set at start.
void set_log_level(LogLevel level) noexcept;
LogLevel log_level() noexcept;

/// One line "decant: MESSAGE", control characters escaped, in one write(2), so
/// that lines of parallel threads and processes do not mix. Never throws.
void log(LogLevel level, std::string_view message) noexcept;

/// wsgi.errors to standard error.
class LogSink final : public ErrorSink {
 public:
  void write(std::string_view lines) noexcept override;
};

}  // namespace decant::service
