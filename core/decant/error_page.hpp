// SPDX-License-Identifier: MIT
// The answer to a request that could not be served.
#pragma once

#include <string>

#include "decant/headers.hpp"
#include "decant/status.hpp"

namespace decant {

/// A plain text response that says its status and nothing else: no word of
/// what went wrong inside reaches the client.
struct ErrorPage {
  explicit ErrorPage(int code);

  Status status;
  Headers headers;
  std::string body;
};

}  // namespace decant
