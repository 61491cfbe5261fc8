// SPDX-License-Identifier: MIT
// The conformance table as it is printed.
#pragma once

namespace decant::conformance {

/// Runs every row in every column and prints, in Markdown, what came of it.
/// Gives the exit status: 1 when a row failed.
int print_matrix();

}  // namespace decant::conformance
