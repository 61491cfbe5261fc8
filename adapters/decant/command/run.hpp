// SPDX-License-Identifier: MIT
// From words to a running server side: the only code that knows both sides.
#pragma once

#include <functional>

#include "decant/application.hpp"
#include "decant/command/command_line.hpp"

namespace decant::command {

/// Gives the application, from what the settings name or from the program
/// itself. May throw LoadError.
using ApplicationLoader = std::function<Application(const Settings& settings)>;

/// The application with what the settings put around it: static files, lint.
Application around(const Settings& settings, Application application);

/// The whole of a program: parses, loads, serves. Gives the exit status: 0
/// served, 1 failed, 2 usage, 3 not loaded. Throws nothing.
int run(const Program& program, int argc, char** argv,
        const ApplicationLoader& loader);

}  // namespace decant::command
