// SPDX-License-Identifier: MIT
#include "decant/web/cookie_jar.hpp"

#include <algorithm>

#include "decant/headers.hpp"

namespace decant::web {
namespace {

/// RFC 6265 section 5.1.3.
bool domain_matches(std::string_view host, std::string_view domain) {
  if (equals_ignoring_case(host, domain)) return true;
  if (host.size() <= domain.size()) return false;
  const std::size_t before = host.size() - domain.size();
  return host[before - 1] == '.' &&
         equals_ignoring_case(host.substr(before), domain) &&
         host.find_first_not_of("0123456789.") != std::string_view::npos;
}

/// RFC 6265 section 5.1.4.
bool path_matches(std::string_view path, std::string_view of_cookie) {
  return path.starts_with(of_cookie) &&
         (path.size() == of_cookie.size() || of_cookie.ends_with('/') ||
          path[of_cookie.size()] == '/');
}

/// RFC 6265 section 5.1.4, "default-path".
std::string default_path(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos || slash == 0
             ? "/"
             : std::string(path.substr(0, slash));
}

}  // namespace

void CookieJar::set(std::string_view value, std::string_view host,
                    std::string_view path, std::time_t now) {
  auto cookie = parse_set_cookie(value);
  if (!cookie) return;
  const bool host_only = cookie->domain.empty();
  if (host_only) cookie->domain = host;
  if (!domain_matches(host, cookie->domain)) return;
  if (cookie->path.empty()) cookie->path = default_path(path);
  std::optional<std::time_t> ends = cookie->expires;
  if (cookie->max_age) ends = now + cookie->max_age->count();
  Kept kept{*std::move(cookie), host_only, ends};
  const auto same =
      std::find_if(kept_.begin(), kept_.end(), [&](const Kept& it) {
        return it.cookie.name == kept.cookie.name &&
               it.cookie.path == kept.cookie.path &&
               equals_ignoring_case(it.cookie.domain, kept.cookie.domain);
      });
  if (same == kept_.end()) {
    kept_.push_back(std::move(kept));
  } else {
    *same = std::move(kept);
  }
  std::erase_if(kept_,
                [now](const Kept& it) { return it.ends && *it.ends <= now; });
}

Fields CookieJar::cookies_for(std::string_view host, std::string_view path,
                              bool secure, std::time_t now) const {
  std::vector<const Cookie*> found;
  for (const Kept& it : kept_) {
    const bool belongs = it.host_only
                             ? equals_ignoring_case(host, it.cookie.domain)
                             : domain_matches(host, it.cookie.domain);
    if (belongs && path_matches(path, it.cookie.path) &&
        (secure || !it.cookie.secure) && !(it.ends && *it.ends <= now)) {
      found.push_back(&it.cookie);
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Cookie* a, const Cookie* b) {
                     return a->path.size() > b->path.size();
                   });
  Fields cookies;
  for (const Cookie* const cookie : found) {
    cookies.add(cookie->name, cookie->value);
  }
  return cookies;
}

}  // namespace decant::web
