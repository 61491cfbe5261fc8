// SPDX-License-Identifier: MIT
#include "decant/environ_access.hpp"
#include "decant/forwarded.hpp"
#include "decant/headers.hpp"
#include "decant/web/middleware.hpp"

namespace decant::web {
namespace {

/// The word of the outermost of `proxies`, counted from the end; empty where
/// there are fewer. Quotes part nothing here: what a client sends in front must
/// not swallow what a proxy adds.
std::string_view word_of(std::string_view list, int proxies) {
  for (; proxies > 0; --proxies) {
    const std::size_t comma = list.rfind(',');
    const bool is_first = comma == std::string_view::npos;
    if (proxies == 1) return trimmed(is_first ? list : list.substr(comma + 1));
    if (is_first) return {};
    list = list.substr(0, comma);
  }
  return {};
}

void fix_scheme(Environ& env, const std::string& scheme) {
  if (scheme.empty()) return;
  const bool secure = scheme == "https";
  decant::detail::EnvironAccess::set_url_scheme(env, secure ? "https" : "http");
  env.set("REQUEST_SCHEME", scheme);
  env.set("SERVER_PORT", secure ? "443" : "80");
  if (secure) {
    env.set("HTTPS", "on");
  } else {
    env.erase("HTTPS");
  }
}

void fix(Environ& env, const ProxyFixOptions& options) {
  const auto address = forwarded::parse_address(
      word_of(env["HTTP_X_FORWARDED_FOR"], options.address));
  if (address) {
    env.set("REMOTE_ADDR", address->text);
    env.erase("REMOTE_PORT");  // of the proxy
    env.erase("REMOTE_HOST");
  }
  fix_scheme(env, forwarded::parse_scheme(
                      word_of(env["HTTP_X_FORWARDED_PROTO"], options.scheme)));
  const std::string_view host = forwarded::parse_host(
      word_of(env["HTTP_X_FORWARDED_HOST"], options.host));
  if (!host.empty()) env.set("HTTP_HOST", host);
  const std::string_view prefix = forwarded::parse_prefix(
      word_of(env["HTTP_X_FORWARDED_PREFIX"], options.prefix));
  if (!prefix.empty()) {
    env.set("SCRIPT_NAME",
            std::string(prefix) + std::string(env["SCRIPT_NAME"]));
  }
}

}  // namespace

Middleware proxy_fix(const ProxyFixOptions& options) {
  return [options](Application application) -> Application {
    return [options, application = std::move(application)](
               Environ& env, const StartResponse& start_response) {
      fix(env, options);
      return application(env, start_response);
    };
  };
}

}  // namespace decant::web
