// SPDX-License-Identifier: MIT
// Middleware is a function from application to application: one that adds a
// header, one that mounts a second application, one that checks the contract.
//   decant run ./middleware.so /about/us
#include <decant/decant.hpp>
#include <string>
#include <utility>
using namespace decant;

Body home(Environ&, const StartResponse& start_response) {
  start_response("200 OK", {{"Content-Type", "text/plain"}});
  return "Home.\n";
}

Body about(Environ& env, const StartResponse& start_response) {
  start_response("200 OK", {{"Content-Type", "text/plain"}});
  return "About " + std::string(env["PATH_INFO"]) + " beneath " +
         std::string(env["SCRIPT_NAME"]) + "\n";
}

/// Adds a header to every response by wrapping start_response.
Middleware with_header(std::string name, std::string value) {
  return [name, value](Application inner) -> Application {
    return [=](Environ& env, const StartResponse& start_response) {
      const auto wrapped = [=](std::string_view status, Headers headers,
                               std::exception_ptr error) {
        headers.emplace_back(name, value);
        return start_response(status, std::move(headers), error);
      };
      return inner(env, wrapped);
    };
  };
}

Application site() {
  const Middleware noindex = with_header("X-Robots-Tag", "noindex");
  return lint()(noindex(mount("/about", about)(home)));
}

DECANT_APPLICATION(site())
