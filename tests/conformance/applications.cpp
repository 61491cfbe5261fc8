// SPDX-License-Identifier: MIT
#include "conformance/applications.hpp"

namespace decant::conformance {

Body dispatch(Environ& env, const StartResponse& start_response) {
  static const Applications applications = [] {
    Applications all;
    add_environ_applications(all);
    add_input_applications(all);
    add_start_response_applications(all);
    add_body_applications(all);
    add_failure_applications(all);
    return all;
  }();
  const auto found = applications.find(env["HTTP_X_CONFORMANCE"]);
  if (found != applications.end()) return found->second(env, start_response);
  start_response("404 Not Found", plain_text());
  return "no application is called so\n";
}

}  // namespace decant::conformance
