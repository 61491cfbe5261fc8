// SPDX-License-Identifier: MIT
// The `decant` program.
#include "decant/command/load.hpp"
#include "decant/command/run.hpp"

int main(int argc, char** argv) {
  return decant::command::run({.name = "decant", .takes_app = true}, argc, argv,
                              decant::command::load_named);
}
