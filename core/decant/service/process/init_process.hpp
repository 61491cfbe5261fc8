// SPDX-License-Identifier: MIT
// Process 1 of a container.
#pragma once

#include <functional>

namespace decant::service {

/// Calls `serve` and gives its status; as process 1, in a process of its own,
/// while this one does what is process 1's: it reaps every orphan that falls
/// to it, which nobody else can tell from a child of the application's, and
/// passes on the signals that it gets. A service that a signal ended gives 128
/// and its number.
int serve_under_init(const std::function<int()>& serve);

}  // namespace decant::service
