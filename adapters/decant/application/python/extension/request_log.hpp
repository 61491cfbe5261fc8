// SPDX-License-Identifier: MIT
// Lines about requests, for whoever develops.
#pragma once

#include <functional>
#include <memory>

#include "decant/application/python/object.hpp"
#include "decant/service/request/observer.hpp"

namespace decant::python {

/// Makes the observers of the threads that serve: for True lines of the access
/// log on standard error, for a callable a call of it after each request, with
/// the peer's address and port, the request line, the status and the size of
/// the body; empty for None. Borrows `log`. Throws ErrorIsSet.
std::function<std::unique_ptr<service::Observer>()> make_request_log(
    PyObject* log);

}  // namespace decant::python
