// SPDX-License-Identifier: MIT
// Pages for whoever develops an application: what went wrong, and where.
#pragma once

#include <exception>
#include <string>

#include "decant/application.hpp"

namespace decant {

/// Answers a request that failed with a page about it, 500, in place of a word
/// that says nothing. For the developer's own eyes: it shows source lines.
Middleware debug_pages();

/// In the place of an application that could not be loaded: every request gets
/// the page about `error`.
Application failed_application(const std::exception& error);

}  // namespace decant
