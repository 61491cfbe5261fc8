// SPDX-License-Identifier: MIT
// The smallest application. Built as a plugin it runs as
//   decant run ./hello.so /
#include <decant/decant.hpp>
using namespace decant;

Body hello(Environ&, const StartResponse& start_response) {
  start_response("200 OK", {{"Content-Type", "text/plain"}});
  return "Hello world!\n";
}

DECANT_APPLICATION(hello)
