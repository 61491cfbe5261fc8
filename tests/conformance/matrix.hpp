// SPDX-License-Identifier: MIT
// The conformance table as it is printed. Every cell of it is a section of the
// test that its column is.
#pragma once

namespace decant::conformance {

/// Prints, in Markdown, how many cells there are, and of which rows and columns
/// there are none, with the reason.
void print_matrix();

/// Prints the names of the columns, a line each.
void print_columns();

}  // namespace decant::conformance
