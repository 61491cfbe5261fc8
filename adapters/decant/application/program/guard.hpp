// SPDX-License-Identifier: MIT
// Sees to it that no program outlives this process, however that ends.
#pragma once

#include <sys/types.h>

#include <atomic>

namespace decant::program {

/// The process group of a running program, where a small process beside this
/// one finds it: when this process is gone, that one ends the group. (A signal
/// at the death of the parent would come at the end of the thread that started
/// the program, would reach no child of the program, and is not kept by a
/// set-user-ID program.)
class GuardedGroup {
 public:
  /// Starts the guarding process with the first one of this process. Without
  /// one, as where processes are short, programs run unguarded.
  GuardedGroup();
  GuardedGroup(GuardedGroup&& other) noexcept;
  GuardedGroup& operator=(GuardedGroup&&) = delete;
  ~GuardedGroup();

  /// Names the group; async-signal-safe, so that the program itself can do it
  /// before it begins. 0 for none.
  void set(pid_t group) noexcept {
    if (slot_ != nullptr) slot_->store(group);
  }

 private:
  std::atomic<pid_t>* slot_;
};

}  // namespace decant::program
