// SPDX-License-Identifier: MIT
// wsgi.errors as Python sees it (PEP 3333, "Input and Error Streams").
#pragma once

#include "decant/application/python/request.hpp"

namespace decant::python {

/// Makes the type; once. Throws ErrorIsSet.
void prepare_errors_type();

/// A text stream for one thread. It writes to the request that the thread
/// serves, and to standard error when there is none: a logger may hold it for
/// ever.
Object make_errors();

/// The request whose wsgi.errors `errors` now is; null for none.
void set_request(PyObject* errors, Request* request) noexcept;

}  // namespace decant::python
