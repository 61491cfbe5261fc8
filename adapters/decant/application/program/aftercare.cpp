// SPDX-License-Identifier: MIT
#include "decant/application/program/aftercare.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "decant/service/log/log.hpp"

namespace decant::program {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int most_programs = 64;

/// What the threads have in common. It lasts as long as the process.
struct Ward {
  std::mutex mutex;
  std::condition_variable emptier;
  int count = 0;
  seconds grace{};
  Descriptor closing{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

Ward& ward() {
  static Ward* const only = new Ward;
  return *only;
}

/// At the end of the process: what was begun may be finished, for a time.
void close_ward() {
  Ward& all = ward();
  std::unique_lock lock(all.mutex);
  const auto is_empty = [&all] { return all.count == 0; };
  if (all.emptier.wait_for(lock, all.grace, is_empty)) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written =
      ::write(all.closing.get(), &one, sizeof one);
  all.emptier.wait_for(lock, 2 * term_patience, is_empty);
}

/// One program and the thread that looks after it.
class Patient {
 public:
  Patient(Child& child, ErrorLines& lines, seconds timeout)
      : child_(std::move(child)),
        lines_(std::move(lines)),
        timeout_(timeout),
        log_(sink_) {}

  void operator()() {
    while (!child_.has_ended()) {
      const auto left = time_left();
      if (left && left->count() <= 0) {
        note(silence_in_words(timeout_));
        break;
      }
      if (!wait(left)) break;
    }
    end();
    read_errors();
    lines_.finish(log_);
    const int status = child_.reap();
    if (status != 0) note(end_in_words(status) + ", after its response");
  }

 private:
  void note(const std::string& text) {
    service::log(service::LogLevel::warning,
                 "program: " + lines_.name() + ' ' + text);
  }

  std::optional<milliseconds> time_left() const {
    if (timeout_ == seconds(0)) return std::nullopt;
    return std::chrono::ceil<milliseconds>(last_sign_ + timeout_ -
                                           Clock::now());
  }

  /// For an event; false when the process is about to end.
  bool wait(std::optional<milliseconds> time) {
    if (child_.descriptor() < 0)
      time = std::min(look_again, time.value_or(look_again));
    std::array<pollfd, 3> polled = {{{child_.descriptor(), POLLIN, 0},
                                     {child_.errors.get(), POLLIN, 0},
                                     {ward().closing.get(), POLLIN, 0}}};
    ::poll(polled.data(), polled.size(),
           time ? static_cast<int>(
                      std::min<milliseconds::rep>(time->count(), 1 << 30))
                : -1);
    if (polled[1].revents != 0) read_errors();
    return polled[2].revents == 0;
  }

  void read_errors() {
    std::array<char, 4096> buffer;
    ssize_t got = 0;
    while (child_.errors && (got = ::read(child_.errors.get(), buffer.data(),
                                          buffer.size())) > 0) {
      last_sign_ = Clock::now();
      lines_.add({buffer.data(), static_cast<std::size_t>(got)}, log_);
    }
    if (got == 0) child_.errors.reset();
  }

  /// Of a process that has ended, what it left behind in its group stays.
  void end() {
    if (child_.has_ended()) return;
    child_.signal(SIGTERM);
    const auto latest = Clock::now() + term_patience;
    while (!child_.has_ended() && Clock::now() < latest) {
      pollfd poll{child_.descriptor(), POLLIN, 0};
      ::poll(&poll, 1, static_cast<int>(look_again.count()));
    }
    child_.signal(SIGKILL);
  }

  Child child_;
  ErrorLines lines_;
  seconds timeout_;
  Clock::time_point last_sign_ = Clock::now();
  service::LogSink sink_;
  ErrorStream log_;
};

}  // namespace

bool look_after(Child& child, ErrorLines& lines, seconds timeout,
                seconds grace) {
  Ward& all = ward();
  const std::lock_guard lock(all.mutex);
  if (all.count == most_programs) return false;
  static const bool registered = std::atexit(close_ward) == 0;
  if (!registered) return false;
  try {
    const auto place = std::make_shared<std::optional<Patient>>();
    // It waits for the lock, and so for its program: who has no thread keeps
    // the program.
    std::thread([place] {
      { const std::lock_guard waiting(ward().mutex); }
      (**place)();
      place->reset();
      const std::lock_guard leaving(ward().mutex);
      --ward().count;
      ward().emptier.notify_all();
    }).detach();
    place->emplace(child, lines, timeout);
    ++all.count;
    all.grace = grace;
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

}  // namespace decant::program
