// SPDX-License-Identifier: MIT
// A Python callable as an application.
#pragma once

#include <memory>

#include "decant/application.hpp"
#include "decant/application/python/object.hpp"

namespace decant::python {

/// Calls what `callable` points to at that time, which whoever has it keeps
/// alive: a server may be given another application while it serves.
Application make_application(std::shared_ptr<PyObject* const> callable);

}  // namespace decant::python
