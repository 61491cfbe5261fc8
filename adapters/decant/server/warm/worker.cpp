// SPDX-License-Identifier: MIT
#include "decant/server/warm/worker.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "decant/error.hpp"
#include "decant/server/warm/handover.hpp"
#include "decant/service/loop/forked_child.hpp"

namespace decant::warm {
namespace {

using Clock = std::chrono::steady_clock;

/// The files of the application are looked at no more often.
constexpr std::chrono::milliseconds look_interval{100};
/// The times of files come from a clock that is late by so much.
constexpr std::chrono::milliseconds file_time{20};
/// Callers that wait, each no longer than its patience.
constexpr int backlog = 64;

}  // namespace

service::Listener Worker::take_listener() {
  return {Descriptor(::fcntl(seat_.socket.get(), F_DUPFD_CLOEXEC, 3)),
          "unix:" + place_.path(name_), place_.path(name_)};
}

Application Worker::load(const Loader& load) {
  const auto begun = std::chrono::system_clock::now();
  Application application = load();
  // What is changed while it is loaded is not known to be what was loaded.
  if (sources_.has_changed_since(begun - file_time)) {
    throw LoadError("warm: a file has changed while it was loaded");
  }
  sources_.start();
  // Not before: nobody is to wait for what is still being loaded.
  if (::listen(seat_.socket.get(), backlog) != 0) {
    throw LoadError(std::string("warm: listen: ") + std::strerror(errno));
  }
  // For who asks while a request is served.
  const std::string words = report();
  if (::ftruncate(seat_.lock.get(), 0) == 0) write_all(seat_.lock.get(), words);
  for (const std::string& file : options_.files) {
    if (::access(file.c_str(), F_OK) == 0) own_files_.push_back(file);
  }
  // What the application forks may live longer, and is to keep no place taken.
  seat_.socket.reset();
  service::keep_from_forks(seat_.lock.get());
  return application;
}

void Worker::hide() noexcept {
  if (!seat_.lock) return;
  ::unlinkat(place_.directory(), name_.c_str(), 0);
  ::unlinkat(place_.directory(), (name_ + ".lock").c_str(), 0);
  service::forget_for_forks(seat_.lock.get());
  seat_.lock.reset();
}

bool Worker::is_stale() {
  const auto now = Clock::now();
  if (stale_ || now - looked_ < look_interval) return stale_ || missing_;
  looked_ = now;
  if (sources_.changed()) retire();
  missing_ = std::any_of(
      own_files_.begin(), own_files_.end(),
      [](const std::string& f) { return ::access(f.c_str(), F_OK) != 0; });
  return stale_ || missing_;
}

void Worker::retire() noexcept {
  stale_ = true;
  hide();
  ::kill(::getpid(), SIGTERM);
}

void Worker::after_request() noexcept {
  ++requests_;
  if (time_.is_short() && !stale_) retire();
}

std::string Worker::report() const {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - begun_);
  return encode_report({.pid = static_cast<std::uint64_t>(::getpid()),
                        .requests = requests_,
                        .seconds = static_cast<std::uint64_t>(seconds.count()),
                        .app = options_.app});
}

}  // namespace decant::warm
