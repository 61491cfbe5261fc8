// SPDX-License-Identifier: MIT
// A generator application: each chunk leaves before the next one is made.
//   decant run ./streaming.so '/?3'
// Behind nginx it takes `fastcgi_buffering off` to reach the client as fast.
#include <cstdlib>
#include <decant/decant.hpp>
#include <string>
using namespace decant;

// StartResponse comes by value: the coroutine outlives this call.
Chunks countdown(Environ& env, StartResponse start_response) {
  start_response("200 OK", {{"Content-Type", "text/plain"}});
  const std::string from(env["QUERY_STRING"]);
  for (int i = std::atoi(from.c_str()); i > 0; --i) {
    co_yield std::to_string(i) + "\n";
  }
  co_yield "Lift-off!\n";
}

DECANT_APPLICATION(countdown)
