// SPDX-License-Identifier: MIT
// Requests on the terminal of whoever develops: one a line.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "decant/service/request/observer.hpp"

namespace decant::service {

/// Appends "GET /path 200 1.2 ms" and a newline, the status in its colour if
/// `has_colour`. What the client chose is escaped and cut.
void append_terminal_line(std::string& out, std::string_view method,
                          std::string_view target, int status,
                          std::chrono::nanoseconds taken, bool has_colour);

/// What writes them to standard error, in colour where that is a terminal and
/// NO_COLOR is not set.
std::unique_ptr<Observer> make_terminal_log();

}  // namespace decant::service
