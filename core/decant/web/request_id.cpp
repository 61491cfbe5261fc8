// SPDX-License-Identifier: MIT
#include <algorithm>

#include "decant/cgi_variables.hpp"
#include "decant/headers.hpp"
#include "decant/random_text.hpp"
#include "decant/web/kept_body.hpp"
#include "decant/web/middleware.hpp"

namespace decant::web {
namespace {

bool is_id(std::string_view text) {
  constexpr std::size_t longest = 128;
  return !text.empty() && text.size() <= longest &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                  (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
         });
}

}  // namespace

Middleware request_id(const RequestIdOptions& options) {
  return [options](Application application) -> Application {
    return [options, variable = cgi_variables::variable_of(options.header),
            application = std::move(application)](
               Environ& env, const StartResponse& start_response) {
      std::string id(env[variable]);
      if (!options.trust || !is_id(id)) id = random_text();
      env.set(variable, id);
      return detail::call_with_headers(
          application, env, start_response,
          [header = options.header, id](Headers& headers) {
            remove_header(headers, header);
            headers.emplace_back(header, id);
          });
    };
  };
}

}  // namespace decant::web
