// SPDX-License-Identifier: MIT
// Writing where nobody reads any more.
#pragma once

namespace decant {

/// From here on a write to a pipe that nobody reads, or beyond the limit of
/// file sizes, gives an error and ends no process. By a handler that does
/// nothing: SIG_IGN would be inherited by what the application starts, and
/// stays where decant itself was started with it.
void survive_broken_pipes() noexcept;

/// Takes a signal and does nothing, without an interrupted call to show for it.
/// A process that is started afterwards has it as by default.
void take_no_notice_of(int signal) noexcept;

}  // namespace decant
