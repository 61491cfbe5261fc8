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
  /// The files that the application has been loaded from so far. May be null.
  std::vector<std::string> (*source_files)() = nullptr;
};

/// Called by an application side once its runtime has started, before there
/// are threads. The last one counts.
void set_runtime(const Runtime& runtime);
/// Without a runtime all is empty.
const Runtime& runtime() noexcept;

}  // namespace decant
