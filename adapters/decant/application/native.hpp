// SPDX-License-Identifier: MIT
// The application side for C++: plugins, shared objects that export an
// application with DECANT_APPLICATION.
#pragma once

#include <string>

#include "decant/application.hpp"

namespace decant::native {

/// Loads "path.so" or "path.so:symbol" and gives its application; the plugin
/// stays loaded. Throws LoadError for a file that is missing or none of ours
/// and for a symbol that it does not export.
Application load(const std::string& spec);

}  // namespace decant::native
