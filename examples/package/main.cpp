// SPDX-License-Identifier: MIT
// The application as a program.
#include <decant/main.hpp>

decant::Body greeting(decant::Environ& env,
                      const decant::StartResponse& start_response);

int main(int argc, char** argv) {
  return decant::main(argc, argv, greeting);
}
