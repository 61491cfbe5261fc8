// SPDX-License-Identifier: MIT
#include "decant/service/log.hpp"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>

#include "decant/text.hpp"

namespace decant::service {
namespace {

std::atomic<LogLevel> level_now{LogLevel::info};

/// One write(2): what a full pipe or a closed descriptor does not take is
/// lost, because a service does not stop for its log.
void write_once(std::string_view lines) noexcept {
  const int saved = errno;
  while (::write(STDERR_FILENO, lines.data(), lines.size()) < 0 &&
         errno == EINTR) {
  }
  errno = saved;
}

}  // namespace

void set_log_level(LogLevel level) noexcept {
  level_now = level;
}

LogLevel log_level() noexcept {
  return level_now;
}

void log(LogLevel level, std::string_view message) noexcept {
  if (level > log_level()) return;
  try {
    std::string line = "decant: ";
    append_escaped(line, message);
    line += '\n';
    write_once(line);
  } catch (...) {
    write_once("decant: out of memory for a line of the log\n");
  }
}

void LogSink::write(std::string_view lines) noexcept {
  if (!lines.empty()) write_once(lines);
}

}  // namespace decant::service
