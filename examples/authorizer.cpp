// SPDX-License-Identifier: MIT
// An authorizer: a web server asks it before it serves anything itself, and
// goes on when the answer is 200. It is asked as FCGI_ROLE says.
//   decant fcgi ./authorizer.so --roles authorizer,responder --listen ENDPOINT
#include <decant/decant.hpp>
using namespace decant;

Body authorizer(Environ& env, const StartResponse& start_response) {
  const bool known = env["HTTP_AUTHORIZATION"] == "Bearer open-sesame";
  if (env["FCGI_ROLE"] != "AUTHORIZER") {
    start_response("404 Not Found", {{"Content-Type", "text/plain"}});
    return "There is nothing here but an authorizer.\n";
  }
  if (!known) {
    start_response("401 Unauthorized", {{"Content-Type", "text/plain"},
                                        {"WWW-Authenticate", "Bearer"}});
    return "Say the word.\n";
  }
  // What begins with Variable- becomes a variable of the request.
  start_response("200 OK", {{"Content-Type", "text/plain"},
                            {"Variable-VISITOR", "Ali Baba"}});
  return {};
}

DECANT_APPLICATION(authorizer)
