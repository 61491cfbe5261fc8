// SPDX-License-Identifier: MIT
// The applications of the conformance table as a plugin.
#include "conformance/applications.hpp"

DECANT_APPLICATION(decant::conformance::dispatch)
