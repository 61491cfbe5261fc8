// SPDX-License-Identifier: MIT
#include "decant/service/log/log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <system_error>
#include <vector>

#include "decant/error.hpp"
#include "decant/service/log/time_stamp.hpp"
#include "decant/text.hpp"

namespace decant::service {
namespace {

constexpr std::chrono::seconds repeated_interval{1};

enum class Form { plain, journal, file };

/// What stands before a line of each kind. The numbers are those of syslog(3).
struct Kind {
  const char* name;
  const char* priority;
};
constexpr Kind levels[] = {
    {"error", "<3>"}, {"warning", "<4>"}, {"info", "<6>"}, {"debug", "<7>"}};
constexpr Kind wsgi_errors = {"wsgi", "<4>"};

std::atomic<LogLevel> level_now{LogLevel::info};
// Written before threads start.
std::atomic<Form> form_now{Form::plain};
std::atomic<int> log_descriptor{STDERR_FILENO};

/// The files that are open, for reopen_logs().
struct Registry {
  std::mutex mutex;
  std::vector<LogFile*> files;
};

/// Outlives every file, whichever is destroyed last.
Registry& registry() {
  static Registry* const files = new Registry;
  return *files;
}

/// The log file of this process. Never closed: the last words go there too.
std::unique_ptr<LogFile>& own_file() {
  static auto* const file = new std::unique_ptr<LogFile>;
  return *file;
}

/// sd-daemon(3): JOURNAL_STREAM names the device and inode of the stream that
/// the journal reads; a child may have been given another one.
bool journal_reads_standard_error() {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  return stream != nullptr && ::fstat(STDERR_FILENO, &status) == 0 &&
         std::to_string(status.st_dev) + ':' + std::to_string(status.st_ino) ==
             stream;
}

/// Not to wait where a FIFO has no reader, or a full one.
Descriptor open_file(const std::string& path) noexcept {
  return Descriptor(::open(
      path.c_str(),
      O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640));
}

std::string message_of(int error) {
  return std::generic_category().message(error);
}

/// What a line begins with in a log of that form.
void append_start(std::string& out, Form form, const Kind& kind) {
  if (form == Form::journal) out += kind.priority;
  if (form != Form::file) return;
  append_rfc3339(out, std::chrono::system_clock::now());
  out += " [";
  out += std::to_string(::getpid());
  out += "] ";
  out += kind.name;
  out += ": ";
}

/// What others write to standard error belongs to the log: what a handler of a
/// signal has to say, and Python of a crash.
void follow_with_standard_error() noexcept {
  const int file = log_descriptor;
  if (file != STDERR_FILENO) ::dup2(file, STDERR_FILENO);
}

}  // namespace

void write_lines(int fd, std::string_view lines) noexcept {
  const int saved = errno;
  while (::write(fd, lines.data(), lines.size()) < 0 && errno == EINTR) {
  }
  errno = saved;
}

void set_log_level(LogLevel level) noexcept {
  level_now = level;
}

LogLevel log_level() noexcept {
  return level_now;
}

void start_log(const std::string& path) {
  auto file = path.empty() ? nullptr : std::make_unique<LogFile>(path);
  log_descriptor = file ? file->descriptor() : STDERR_FILENO;
  form_now = file                             ? Form::file
             : journal_reads_standard_error() ? Form::journal
                                              : Form::plain;
  own_file() = std::move(file);
  follow_with_standard_error();
}

void log(LogLevel level, std::string_view message) noexcept {
  if (level > log_level()) return;
  try {
    const Form form = form_now;
    std::string line;
    append_start(line, form, levels[static_cast<std::size_t>(level)]);
    if (form != Form::file) line += "decant: ";
    append_escaped(line, message);
    line += '\n';
    write_lines(log_descriptor, line);
  } catch (...) {
    write_lines(log_descriptor,
                "decant: out of memory for a line of the log\n");
  }
}

void reopen_logs() noexcept {
  const std::lock_guard lock(registry().mutex);
  for (LogFile* const file : registry().files) file->reopen();
  follow_with_standard_error();
}

void LogSink::write(std::string_view lines) noexcept {
  if (lines.empty()) return;
  const Form form = form_now;
  if (form == Form::plain) return write_lines(log_descriptor, lines);
  try {
    std::string start;
    append_start(start, form, wsgi_errors);
    std::string out;
    while (!lines.empty()) {
      const std::string_view line = lines.substr(0, lines.find('\n'));
      out.append(start).append(line) += '\n';
      lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    }
    write_lines(log_descriptor, out);
  } catch (...) {
    write_lines(log_descriptor, lines);
  }
}

void LogSink::complain(std::string_view message) noexcept {
  log(LogLevel::error, message);
}

void LogSink::remark(std::string_view message) noexcept {
  log(LogLevel::info, message);
}

void Repeated::log(LogLevel level, std::string_view message,
                   Clock::time_point now) noexcept {
  const auto time = now.time_since_epoch();
  auto next = next_.load();
  const auto later = (time + repeated_interval).count();
  if (time.count() < next || !next_.compare_exchange_strong(next, later)) {
    ++left_out_;
    return;
  }
  const std::uint64_t left_out = left_out_.exchange(0);
  if (left_out == 0) return service::log(level, message);
  try {
    service::log(level, std::string(message) + " (" + std::to_string(left_out) +
                            " more since the last line)");
  } catch (...) {
    service::log(level, message);
  }
}

LogFile::LogFile(const std::string& path)
    : path_(std::filesystem::absolute(path)), file_(open_file(path_)) {
  if (!file_) {
    throw Error("log: " + decant::quoted(path) + ": " + message_of(errno) +
                "; give a file that this user may write to");
  }
  const std::lock_guard lock(registry().mutex);
  registry().files.push_back(this);
}

LogFile::~LogFile() {
  const std::lock_guard lock(registry().mutex);
  std::erase(registry().files, this);
}

/// Into the place of the old one at a stroke: who writes meanwhile writes to
/// the one or to the other.
void LogFile::reopen() noexcept {
  const Descriptor fresh = open_file(path_);
  if (fresh && ::dup3(fresh.get(), file_.get(), O_CLOEXEC) >= 0) return;
  const int error = errno;
  try {
    log(LogLevel::error, "log: " + decant::quoted(path_) + ": " +
                             message_of(error) +
                             "; the file that was open is kept");
  } catch (...) {
    log(LogLevel::error, "log: a file cannot be opened anew and is kept");
  }
}

}  // namespace decant::service
