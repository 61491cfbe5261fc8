// SPDX-License-Identifier: MIT
// The application of hello.cpp as one self-contained binary, to be dropped
// into cgi-bin, handed to spawn-fcgi or run in a shell:
//   ./hello run /
//   ./hello fcgi --listen 127.0.0.1:9000
#include <decant/main.hpp>

decant::Body hello(decant::Environ& env,
                   const decant::StartResponse& start_response);

int main(int argc, char** argv) {
  return decant::main(argc, argv, hello);
}
