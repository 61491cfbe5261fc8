// SPDX-License-Identifier: MIT
// The main() of the tests, compiled once.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
