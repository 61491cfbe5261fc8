// SPDX-License-Identifier: MIT
#include "decant/web/kept_body.hpp"

namespace decant::web::detail {

Body call_with_headers(const Application& application, Environ& env,
                       const StartResponse& start_response,
                       std::function<void(Headers&)> change) {
  auto kept = std::make_unique<KeptBody>(
      [start_response, change = std::move(change)](
          std::string_view status, Headers headers, std::exception_ptr error) {
        change(headers);
        return start_response(status, std::move(headers), std::move(error));
      });
  kept->call(application, env);
  const auto length = kept->body().length();
  const auto size = kept->body().size();
  return {std::move(kept), length, size};
}

}  // namespace decant::web::detail
