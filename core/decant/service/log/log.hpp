// SPDX-License-Identifier: MIT
// The log of a service: lines on standard error or in a file.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "decant/descriptor.hpp"
#include "decant/streams.hpp"

namespace decant::service {

enum class LogLevel { error, warning, info, debug };

/// Lines at or below this level are written. Process-wide, set at start.
void set_log_level(LogLevel level) noexcept;
LogLevel log_level() noexcept;

/// Says where lines go, before threads start and before a fork: to the file at
/// `path`, or, when that is empty, to standard error. Throws Error when the
/// file cannot be opened; then the log is where it was.
///
/// On standard error a line is "decant: MESSAGE"; where systemd's journal
/// reads that (JOURNAL_STREAM), its level stands before it as "<3>". In a file
/// it is "2026-11-21T08:49:13.123Z [PID] LEVEL: MESSAGE".
void start_log(const std::string& path = {});

/// One line, control characters escaped, in one write(2), so that lines of
/// parallel threads and processes do not mix. Never throws.
void log(LogLevel level, std::string_view message) noexcept;

/// Opens the files of the log, and of every access log, anew at their paths:
/// they may have been moved away. One that cannot be opened stays as it was,
/// and the log says so. Other threads may write meanwhile.
void reopen_logs() noexcept;

/// wsgi.errors and what concerns a request, to the log.
class LogSink final : public ErrorSink {
 public:
  /// Whatever the level. In a file the lines are "... wsgi: LINE".
  void write(std::string_view lines) noexcept override;
  void complain(std::string_view message) noexcept override;
  void remark(std::string_view message) noexcept override;
};

/// A complaint that may repeat itself many times in a second.
class Repeated {
 public:
  using Clock = std::chrono::steady_clock;

  /// Logs `message` unless it did within the last second; the next line says
  /// how many were left out. Any thread may call it.
  void log(LogLevel level, std::string_view message,
           Clock::time_point now = Clock::now()) noexcept;

 private:
  std::atomic<Clock::duration::rep> next_{0};
  std::atomic<std::uint64_t> left_out_{0};
};

/// A file that lines are appended to, which reopen_logs() opens anew. A FIFO
/// or a terminal will do.
class LogFile {
 public:
  /// Opens or creates it with mode 0640 (less the umask). Throws Error.
  explicit LogFile(const std::string& path);
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  ~LogFile();

  /// The same number for the life of the object.
  int descriptor() const noexcept { return file_.get(); }

 private:
  friend void reopen_logs() noexcept;
  void reopen() noexcept;

  std::string path_;  // absolute: an application may change its directory
  Descriptor file_;
};

/// One write(2) of whole lines: what a full pipe or disk does not take is lost,
/// because a service does not stop for its log. Keeps errno.
void write_lines(int fd, std::string_view lines) noexcept;

}  // namespace decant::service
