// SPDX-License-Identifier: MIT
// The applications of the conformance table as a CGI program.
#include "conformance/applications.hpp"
#include "decant/main.hpp"

int main(int argc, char** argv) {
  return decant::main(argc, argv, decant::conformance::dispatch);
}
