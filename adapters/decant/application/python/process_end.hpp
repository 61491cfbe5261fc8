// SPDX-License-Identifier: MIT
// The end of a process in which Python runs.
#pragma once

#include <chrono>

namespace decant::python {

/// What Python does before it finalises: waits for threads that are no daemons,
/// for as long as `grace`, and runs the functions of atexit. Not the
/// finalisation itself, which takes long and may hang; the lock is never given
/// back, so that daemon threads stand still while the process ends. Once; a
/// process that has not come here when exit(3) is called comes here then.
void finish_process(int status) noexcept;

/// Once, when Python has started.
void prepare_process_end(std::chrono::seconds grace);

}  // namespace decant::python
