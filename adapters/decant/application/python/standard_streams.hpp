// SPDX-License-Identifier: MIT
// sys.stdout and sys.stderr of an application.
#pragma once

namespace decant::python {

/// Gives them new ones that write line by line, since the process may end
/// without Python's finalisation, and lose what cannot be written: print() to a
/// full disk, or to a pipe that nobody reads, is no reason to fail a request.
/// Call it with the lock held. Throws ErrorIsSet.
void prepare_standard_streams();

}  // namespace decant::python
