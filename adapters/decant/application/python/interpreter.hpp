// SPDX-License-Identifier: MIT
// The embedded interpreter: its start, its forks and the end of the process.
#pragma once

#include <string>

#include "decant/application/python.hpp"
#include "decant/fork.hpp"

namespace decant::python {

/// Starts Python, once per process, and gives the lock away. `argument` is
/// what sys.argv holds. Throws LoadError.
void start_interpreter(const std::string& argument, const Options& options);

/// Makes what requests need, once per process. The lock is held. Throws
/// ErrorIsSet.
void prepare_types();

/// Puts the directories of --python-path before the rest of sys.path. The lock
/// is held. Throws ErrorIsSet.
void extend_path(const Options& options);

/// Python's own hooks, and what keeps a child of decant's apart from one of
/// the application's.
extern const ForkHooks fork_hooks;

/// What print() has buffered, for a process that ends without finalisation.
/// The lock is held.
void flush_standard_streams() noexcept;

}  // namespace decant::python
