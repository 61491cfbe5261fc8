// SPDX-License-Identifier: MIT
#include "decant/service/process/zygote.hpp"

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
#include "decant/service/log/log.hpp"
#include "decant/service/loop/signals.hpp"

namespace decant::service {
namespace {

/// A double fork: the process between ends at once, so that the worker gets the
/// supervisor for its parent.
void fork_worker(Shared& shared, const Seat& seat) {
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
  // It takes no notice of them so far; what the supervisor sends once it knows
  // the process waits until that heeds them.
  Signals::hold();
  send({Report::Kind::started, seat.slot, seat.generation, ::getpid()},
       seat.reports);
  end_process(work(shared, seat, nullptr));
}

[[noreturn]] void run_zygote(Shared& shared, std::uint64_t generation,
                             int reports, int requests) {
  // A terminal or systemd may send them to everybody; the supervisor says when.
  for (const int signal : {SIGINT, SIGTERM}) take_no_notice_of(signal);
  if (!load(shared)) end_process(exit_not_loaded);
  send({Report::Kind::loaded, -1, generation, ::getpid()}, reports);
  for (int slot = 0; ::read(requests, &slot, sizeof slot) ==
                     static_cast<ssize_t>(sizeof slot);) {
    fork_worker(shared, {slot, generation, reports});
  }
  // What the application does at its exit it does in the workers.
  ::_exit(0);
}

}  // namespace

Zygote::Zygote(Shared& shared, std::uint64_t generation, int reports,
               const std::function<void()>& in_child)
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
    in_child();
    run_zygote(shared, generation, reports, reading.get());
  }
}

bool Zygote::fork_worker(int slot) const noexcept {
  return ::write(requests_.get(), &slot, sizeof slot) ==
         static_cast<ssize_t>(sizeof slot);
}

}  // namespace decant::service
