// SPDX-License-Identifier: MIT
// Python's tracebacks for whoever develops: --debug.
#pragma once

#include <string>
#include <vector>

#include "decant/application/python/failure.hpp"
#include "decant/trace.hpp"

namespace decant::python {

/// Has errors carry where they came from, from now on.
void set_tracing(bool wanted) noexcept;
bool is_tracing() noexcept;

/// The exception, and those that it came from, with the source around each
/// frame. Empty where that cannot be found out. The lock is held.
std::vector<Trace> traces_of(const Raised& raised);

/// The files of an application that could not be loaded, which its modules do
/// not name: `place` and those in `traces`. To be watched for a change.
void suspect_files(const std::string& place, const std::vector<Trace>& traces);
const std::vector<std::string>& suspected_files() noexcept;

}  // namespace decant::python
