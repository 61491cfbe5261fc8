// SPDX-License-Identifier: MIT
// Programs that go on working when their response is over.
#pragma once

#include <chrono>

#include "decant/application/program/child.hpp"
#include "decant/application/program/error_lines.hpp"

namespace decant::program {

/// Takes `child`, whose output is closed, and `lines` and lets a thread log
/// what it still says and how it ends. One that is silent for as long as
/// `timeout`, 0: any time, is ended. When this process ends it waits for them
/// all, for the `grace` that was given last. False, with nothing taken, when
/// there are too many already.
bool look_after(Child& child, ErrorLines& lines, std::chrono::seconds timeout,
                std::chrono::seconds grace);

}  // namespace decant::program
