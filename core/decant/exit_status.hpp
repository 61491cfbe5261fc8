// SPDX-License-Identifier: MIT
// Exit statuses of processes that serve.
#pragma once

namespace decant {

inline constexpr int exit_failed = 1;  ///< the application failed
inline constexpr int exit_usage = 2;   ///< what was asked for has no meaning
inline constexpr int exit_not_loaded = 3;   ///< there is no application
inline constexpr int exit_bad_status = 22;  ///< of `run --fail`, as curl's

}  // namespace decant
