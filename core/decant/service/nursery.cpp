// SPDX-License-Identifier: MIT
#include "decant/service/nursery.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "decant/broken_pipe.hpp"
#include "decant/fork.hpp"
#include "decant/runtime.hpp"
#include "decant/service/log.hpp"

namespace decant::service {
namespace {

/// By way of a process between, which ends at once: so the worker gets the
/// supervisor for its parent.
void fork_worker(Setting& setting, const Place& place) {
  const pid_t between = fork_process();
  if (between > 0) {
    ::waitpid(between, nullptr, 0);
    return;
  }
  if (between < 0) {
    log(LogLevel::error, "a worker could not be forked: " +
                             std::generic_category().message(errno));
    return;
  }
  const pid_t worker = fork_process();
  if (worker != 0) ::_exit(0);
  send({Report::Kind::started, place.slot, place.generation, ::getpid()},
       place.reports);
  end_process(work(setting, place, nullptr));
}

[[noreturn]] void run_nursery(Setting& setting, std::uint64_t generation,
                              int reports, int requests) {
  // A terminal or systemd may send them to everybody; the supervisor says when.
  for (const int signal : {SIGINT, SIGTERM}) take_no_notice_of(signal);
  if (!load(setting)) end_process(exit_not_loaded);
  send({Report::Kind::ready, -1, generation, ::getpid()}, reports);
  for (int slot = 0; ::read(requests, &slot, sizeof slot) ==
                     static_cast<ssize_t>(sizeof slot);) {
    fork_worker(setting, {slot, generation, reports});
  }
  // What the application does at its exit it does in the workers.
  ::_exit(0);
}

}  // namespace

Nursery::Nursery(Setting& setting, std::uint64_t generation, int reports,
                 void (*in_child)(void*), void* context)
    : generation_(generation) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe2");
  }
  const Descriptor reading(ends[0]);
  requests_.reset(ends[1]);
  pid_ = fork_process();
  if (pid_ < 0) {
    throw std::system_error(errno, std::generic_category(), "fork");
  }
  if (pid_ == 0) {
    requests_.reset();
    in_child(context);
    run_nursery(setting, generation, reports, reading.get());
  }
}

bool Nursery::fork_worker(int slot) const noexcept {
  return ::write(requests_.get(), &slot, sizeof slot) ==
         static_cast<ssize_t>(sizeof slot);
}

}  // namespace decant::service
