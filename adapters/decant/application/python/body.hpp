// SPDX-License-Identifier: MIT
// What a Python application returned, as a Body.
#pragma once

#include "decant/application/python/serving.hpp"
#include "decant/body.hpp"

namespace decant::python {

/// Takes `result` over, and `serving` when the body needs it until its
/// close(). Throws ApplicationError for what is no iterable of bytes, and what
/// the application itself throws.
Body make_body(Object result, Serving& serving);

/// In a child that the application forked and that came back from it: ends
/// the process, as sys.exit() would. A child never serves.
void end_forked_child();

/// Makes end_forked_child() know of forks; once.
void watch_forks();
/// After a fork of decant's own: the child serves.
void forget_fork() noexcept;
/// Says whether this is such a child, and gives what it was taken for.
bool exchange_forked(bool is_forked) noexcept;

}  // namespace decant::python
