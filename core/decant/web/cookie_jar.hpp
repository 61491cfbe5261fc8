// SPDX-License-Identifier: MIT
// The cookies that a client keeps (RFC 6265 section 5.3).
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "decant/web/cookie.hpp"

namespace decant::web {

/// Keeps cookies and gives them where they belong. Host names of which all
/// hosts beneath share nothing, as "co.uk", it does not know.
class CookieJar {
 public:
  /// Takes the value of a Set-Cookie that came from `host` in answer to a
  /// request for `path`, at `now`, seconds since the epoch.
  void set(std::string_view value, std::string_view host, std::string_view path,
           std::time_t now);
  /// Those that go along with a request, those of longer paths first.
  Fields cookies_for(std::string_view host, std::string_view path, bool secure,
                     std::time_t now) const;
  void clear() { kept_.clear(); }

 private:
  struct Kept {
    Cookie cookie;
    bool host_only;
    std::optional<std::time_t> ends;
  };
  std::vector<Kept> kept_;
};

}  // namespace decant::web
