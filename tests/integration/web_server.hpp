// SPDX-License-Identifier: MIT
// Real web servers on a free port of loopback, with the configurations of
// examples/.
#pragma once

#include <string>

#include "integration/fixtures.hpp"
#include "support/web_server.hpp"

namespace decant::test {

/// nginx with nginx.conf, or an example that is like it, in front of
/// `endpoint`; `changes` are further replacements. Its files are in
/// `directory`.
WebServer start_nginx(const TemporaryDirectory& directory,
                      const std::string& endpoint, const Pairs& changes = {},
                      const std::string& example_name = "nginx.conf");

/// nginx with an example that is one server of Debian's nginx.
WebServer start_nginx_site(const TemporaryDirectory& directory,
                           const std::string& example_name,
                           const Pairs& changes);

/// lighttpd with an example of that name.
WebServer start_lighttpd(const TemporaryDirectory& directory,
                         const std::string& example_name, const Pairs& changes);

}  // namespace decant::test
