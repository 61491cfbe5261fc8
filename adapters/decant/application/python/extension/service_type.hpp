// SPDX-License-Identifier: MIT
// _decant.Service: a service that the user's Python hosts.
#pragma once

#include "decant/application/python/object.hpp"

namespace decant::python {

/// Makes the type. Throws ErrorIsSet.
Object make_service_type();

/// Stops the services of this process, for its end, and waits a moment until
/// they have: who serves on a thread that is a daemon does not do so. Later the
/// interpreter would be gone beneath them. The lock is held.
void stop_services() noexcept;

}  // namespace decant::python
