// SPDX-License-Identifier: MIT
// What a service gets of Python beyond the calls of the application.
#pragma once

#include "decant/runtime.hpp"

namespace decant::python {

extern const Runtime service_runtime;

/// Has signal USR2 write the Python stack of the thread that gets it, and lets
/// a request that takes too long be interrupted. Only where the process has a
/// handler of its own for USR2, as a service has: the lock is held.
void prepare_service_signals();

/// What was loaded is the same in all processes that will be forked: garbage
/// collections are to leave its pages shared. The lock is held.
void freeze_objects();

}  // namespace decant::python
