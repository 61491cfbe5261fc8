// SPDX-License-Identifier: MIT
// --preload: the zygote, a process that has loaded the application and forks
// the workers (prefork).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>

#include "decant/descriptor.hpp"
#include "decant/service/process/worker.hpp"

namespace decant::service {

/// The zygote serves nothing and supervises nobody: the workers that it forks
/// become children of the supervisor, which must be a subreaper (prctl(2)).
/// The supervisor itself never holds an application.
class Zygote {
 public:
  /// Forks it. It reports `loaded` once the application is, or exits.
  /// `in_child` runs there first. Throws std::system_error.
  Zygote(Shared& shared, std::uint64_t generation, int reports,
         const std::function<void()>& in_child);

  pid_t pid() const noexcept { return pid_; }
  std::uint64_t generation() const noexcept { return generation_; }
  bool is_ready() const noexcept { return ready_; }
  void set_ready() noexcept { ready_ = true; }
  /// Asks for a worker, which reports `started` with its process id. False
  /// when the zygote has ended.
  bool fork_worker(int slot) const noexcept;
  /// In a forked worker: closes what is the supervisor's.
  void leave() noexcept { requests_.reset(); }

 private:
  std::uint64_t generation_;
  pid_t pid_ = 0;
  bool ready_ = false;
  Descriptor requests_;  // it ends when this is closed
};

}  // namespace decant::service
