// SPDX-License-Identifier: MIT
// What a language runtime in this process asks of a service and offers it.
#pragma once

#include <string>
#include <vector>

namespace decant {

struct Runtime {
  /// Its calls exclude each other but where they wait, as under Python's lock:
  /// threads that take turns are faster than threads that compete.
  bool one_at_a_time = false;
  /// Called in a signal handler of the main thread: makes what the application
  /// does there end soon, by an exception of its own. May be null.
  void (*interrupt)() = nullptr;
  /// A signal at which a thread prints on standard error where it is; 0: none.
  int stack_signal = 0;
  /// The files that the application has been loaded from so far. May be null.
  std::vector<std::string> (*source_files)() = nullptr;
  /// Called on the main thread when the process is about to end with `status`,
  /// before exit(3): ends what the application has begun. May be null.
  void (*finish)(int status) noexcept = nullptr;
};

/// Called by an application side once its runtime has started, before there
/// are threads. The last one counts.
void set_runtime(const Runtime& runtime);
/// Without a runtime all is empty.
const Runtime& runtime() noexcept;

/// Has the runtime finish, if there is one, and gives `status`.
int finish_runtime(int status) noexcept;
/// The same, and ends the process by exit(3).
[[noreturn]] void end_process(int status);

}  // namespace decant
