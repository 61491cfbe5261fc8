// SPDX-License-Identifier: MIT
// The same application as a program of its own.
#include <decant/main.hpp>

decant::Body bench_application(decant::Environ& env,
                               const decant::StartResponse& start_response);

int main(int argc, char** argv) {
  return decant::main(argc, argv, bench_application);
}
