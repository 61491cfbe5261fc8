// SPDX-License-Identifier: MIT
// An application outside decant's own tree.
#include <decant/decant.hpp>
#include <string>
using namespace decant;

Body greeting(Environ& env, const StartResponse& start_response) {
  const std::string name(env.get("QUERY_STRING"));
  start_response("200 OK", {{"Content-Type", "text/plain"}});
  return "Good day, " + (name.empty() ? "stranger" : name) + ".\n";
}

DECANT_APPLICATION(greeting)
