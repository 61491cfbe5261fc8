// SPDX-License-Identifier: MIT
// An application as a CGI program: a child for each request (RFC 3875).
#pragma once

#include <chrono>
#include <memory>

#include "decant/application.hpp"
#include "decant/web/transport.hpp"

namespace decant::client {

/// Forks for each request. The child has the request in its environment, beside
/// what this process has there, and at its standard input.
std::shared_ptr<web::Transport> through_cgi(Application application,
                                            std::chrono::seconds timeout);

}  // namespace decant::client
