// SPDX-License-Identifier: MIT
// Standard input and output, taken out of the application's way.
#pragma once

#include "decant/descriptor.hpp"

namespace decant {

/// Puts /dev/null where standard input, output or error is closed, as FastCGI
/// 1.0 section 2.2 has it for a start: else a socket of ours would take its
/// number, and what is printed would go there. Call it before anything is
/// opened. Throws std::system_error.
void fill_standard_descriptors();

/// What were descriptors 0 and 1 when the process started.
struct StandardStreams {
  Descriptor input;
  Descriptor output;
};

/// Moves standard input and output to descriptors of their own, once per
/// process: from then on 0 is /dev/null and 1 is standard error, so that
/// neither printf nor a child's echo can end up in a response. Call it before
/// the application is loaded. Throws std::system_error.
///
/// With `keep_terminal` a terminal stays 0, for a debugger in the application;
/// only the first call says so.
const StandardStreams& own_standard_streams(bool keep_terminal = false);

}  // namespace decant
