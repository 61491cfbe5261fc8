// SPDX-License-Identifier: MIT
// A server of its own: ./http_server, then http://127.0.0.1:8000/
#include <decant/decant.hpp>
#include <decant/server/http.hpp>
using namespace decant;

int main() {
  return http::serve([](Environ&, const StartResponse& start_response) -> Body {
    start_response("200 OK", {{"Content-Type", "text/plain"}});
    return "Hello world!\n";
  });
}
