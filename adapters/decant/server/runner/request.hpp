// SPDX-License-Identifier: MIT
// A request that was made from words, as the gateway takes it.
#pragma once

#include <cstdint>
#include <string_view>

#include "decant/cgi_variables.hpp"
#include "decant/server/runner.hpp"
#include "decant/streams.hpp"

namespace decant::runner {

/// What a web server would say of `request`. Throws UsageError.
cgi_variables::RequestVariables make_variables(const Request& request);

/// And of its body.
void add_data(cgi_variables::RequestVariables& variables, std::uint64_t size);

}  // namespace decant::runner
