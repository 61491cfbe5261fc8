// SPDX-License-Identifier: MIT
// _decant.Service: a service that the user's Python hosts.
#pragma once

#include "decant/application/python/object.hpp"

namespace decant::python {

/// Makes the type. Throws ErrorIsSet.
Object make_service_type();

}  // namespace decant::python
