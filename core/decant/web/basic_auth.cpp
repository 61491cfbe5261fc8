// SPDX-License-Identifier: MIT
#include "decant/error.hpp"
#include "decant/headers.hpp"
#include "decant/text.hpp"
#include "decant/web/middleware.hpp"
#include "decant/web/response.hpp"

namespace decant::web {

bool equal_in_constant_time(std::string_view given, std::string_view secret) {
  // A compiler that saw what is done with it might leave the loop early.
  volatile unsigned difference = given.size() == secret.size() ? 0U : 1U;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char other = secret.empty() ? '\0' : secret[i % secret.size()];
    difference = difference | (static_cast<unsigned char>(given[i]) ^
                               static_cast<unsigned char>(other));
  }
  return difference == 0;
}

Middleware basic_auth(const std::string& realm, CheckPassword check) {
  if (!is_field_value(realm) ||
      realm.find_first_of("\"\\") != std::string::npos) {
    throw UsageError("basic_auth: " + quoted(realm) +
                     " cannot be a realm; leave quotes and control characters "
                     "out");
  }
  // RFC 7617 section 2.1: in UTF-8, where the client knows what that means.
  const std::string challenge =
      "Basic realm=\"" + realm + "\", charset=\"UTF-8\"";
  const auto refusal = std::make_shared<const Response>(
      Response(401).header("WWW-Authenticate", challenge));
  return [refusal, check = std::move(check)](Application application) {
    return [refusal, check, application = std::move(application)](
               Environ& env, const StartResponse& start_response) -> Body {
      const auto credentials = Request(env).basic_authorization();
      if (!credentials || !check(credentials->user, credentials->password)) {
        return (*refusal)(env, start_response);
      }
      env.set("REMOTE_USER", credentials->user);
      env.set("AUTH_TYPE", "Basic");
      return application(env, start_response);
    };
  };
}

Middleware basic_auth(const std::string& realm,
                      std::vector<std::pair<std::string, std::string>> users) {
  return basic_auth(
      realm, [users = std::move(users)](std::string_view user,
                                        std::string_view password) {
        bool found = false;
        for (const auto& [known, secret] : users) {
          // All of them, and both texts, whatever is found.
          const bool same_user = equal_in_constant_time(user, known);
          const bool same_password = equal_in_constant_time(password, secret);
          found = found || (same_user && same_password);
        }
        return found;
      });
}

}  // namespace decant::web
