// SPDX-License-Identifier: MIT
// One request whose response is kept: for tests of an application.
#pragma once

#include <string>

#include "decant/server/runner.hpp"

namespace decant::runner {

/// A response as the gateway would have sent it.
struct Answer {
  std::string status;  ///< "200 OK"
  Headers headers;
  std::string body;
  std::string errors;  ///< what came on wsgi.errors
  Outcome outcome = Outcome::failed;
};

/// Puts `request` to the application. Its data is the body itself, whatever it
/// begins with. Throws UsageError for a request that cannot be made.
Answer answer(const Application& application, const Request& request,
              const normaliser::Rules& rules = {});

}  // namespace decant::runner
