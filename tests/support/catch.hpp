// SPDX-License-Identifier: MIT
// The test framework, behind one name.
#pragma once

#include <catch2/catch.hpp>
