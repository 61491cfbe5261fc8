// SPDX-License-Identifier: MIT
// fork(2) in a process that holds a language runtime.
#pragma once

#include <sys/types.h>

namespace decant {

/// What a runtime wants done around a fork: locks taken before it must be
/// given back on both sides. Called on the thread that forks.
struct ForkHooks {
  void (*before)();
  void (*in_parent)();
  void (*in_child)();
};

/// Adds hooks for the life of the process. Call it before threads start.
void add_fork_hooks(const ForkHooks& hooks);

/// fork(2) between the hooks: those added last run first before it, and last
/// after it. -1 and errno on failure, when the parent's hooks have run.
pid_t fork_process();

}  // namespace decant
