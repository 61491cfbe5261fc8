// SPDX-License-Identifier: MIT
#include "decant/web/transport.hpp"

namespace decant::web {

std::string_view Reply::header(std::string_view name) const {
  const std::string* const value = find_header(headers, name);
  return value != nullptr ? std::string_view(*value) : std::string_view{};
}

cgi_variables::RequestVariables variables_of(const Asked& asked) {
  cgi_variables::RequestVariables variables(asked.method, asked.target,
                                            "HTTP/1.1", "127.0.0.1");
  for (const auto& [name, value] : asked.headers) {
    if (equals_ignoring_case(name, "Transfer-Encoding")) continue;
    variables.add_header(name, value);
  }
  return variables;
}

}  // namespace decant::web
