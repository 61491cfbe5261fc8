// SPDX-License-Identifier: MIT
#include <algorithm>

#include "decant/error.hpp"
#include "decant/web/kept_body.hpp"
#include "decant/web/middleware.hpp"
#include "decant/web/response.hpp"

namespace decant::web {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text.append(text.empty() ? "" : ", ").append(word);
  }
  return text;
}

/// What is said of other origins.
class Cors {
 public:
  explicit Cors(const CorsOptions& options)
      : origins_(options.origins),
        any_(std::find(origins_.begin(), origins_.end(), "*") !=
             origins_.end()),
        credentials_(options.credentials),
        methods_(joined(options.methods)),
        headers_(joined(options.headers)),
        exposed_(joined(options.exposed)),
        max_age_(std::to_string(options.max_age.count())) {
    if (any_ && credentials_) {
      throw UsageError(
          "cors: browsers refuse credentials for every origin; name the "
          "origins, or leave the credentials out");
    }
  }

  Body serve(const Application& application, Environ& env,
             const StartResponse& start_response) const {
    const std::string origin(env["HTTP_ORIGIN"]);
    const bool is_preflight =
        env["REQUEST_METHOD"] == "OPTIONS" && !origin.empty() &&
        env.contains("HTTP_ACCESS_CONTROL_REQUEST_METHOD");
    if (is_preflight) return answer_preflight(origin)(env, start_response);
    // The middleware outlives the response, and its body.
    return detail::call_with_headers(
        application, env, start_response, [this, origin](Headers& headers) {
          if (!say_origin(headers, origin)) return;
          if (exposed_.empty()) return;
          headers.emplace_back("Access-Control-Expose-Headers", exposed_);
        });
  }

 private:
  Response answer_preflight(const std::string& origin) const {
    Headers headers;
    if (say_origin(headers, origin)) {
      headers.emplace_back("Access-Control-Allow-Methods", methods_);
      headers.emplace_back("Access-Control-Allow-Headers", headers_);
      headers.emplace_back("Access-Control-Max-Age", max_age_);
    }
    return {"204 No Content", std::move(headers), {}};
  }

  /// False for an origin of which nothing is said.
  bool say_origin(Headers& headers, const std::string& origin) const {
    // A cache is to keep the answers to different origins apart.
    if (!any_) add_vary(headers, "Origin");
    if (origin.empty()) return false;
    if (!any_ &&
        std::find(origins_.begin(), origins_.end(), origin) == origins_.end()) {
      return false;
    }
    headers.emplace_back("Access-Control-Allow-Origin", any_ ? "*" : origin);
    if (credentials_) {
      headers.emplace_back("Access-Control-Allow-Credentials", "true");
    }
    return true;
  }

  std::vector<std::string> origins_;
  bool any_;
  bool credentials_;
  std::string methods_;
  std::string headers_;
  std::string exposed_;
  std::string max_age_;
};

}  // namespace

Middleware cors(const CorsOptions& options) {
  const auto cors = std::make_shared<const Cors>(options);
  return [cors](Application application) -> Application {
    return [cors, application = std::move(application)](
               Environ& env, const StartResponse& start_response) {
      return cors->serve(application, env, start_response);
    };
  };
}

}  // namespace decant::web
