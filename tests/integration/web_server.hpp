// SPDX-License-Identifier: MIT
// Real web servers on a free port of loopback, with the configurations of
// examples/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "integration/fixtures.hpp"

namespace decant::test {

/// A web server that was started and accepts; it is stopped in the end.
class WebServer {
 public:
  /// `variables` are added to its environment.
  WebServer(const Words& words, std::uint16_t port,
            const Pairs& variables = {});

  std::uint16_t port() const { return port_; }

 private:
  TemporaryDirectory directory_;  // of what it prints
  Process process_;
  std::uint16_t port_;
};

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

/// Apache with these modules ("cgid") and this configuration beside what every
/// Apache needs.
WebServer start_apache(const TemporaryDirectory& directory,
                       const std::vector<std::string>& modules,
                       const std::string& configuration,
                       const Pairs& variables = {});

/// lighttpd with an example of that name.
WebServer start_lighttpd(const TemporaryDirectory& directory,
                         const std::string& example_name, const Pairs& changes);

}  // namespace decant::test
