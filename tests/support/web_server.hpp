// SPDX-License-Identifier: MIT
// Web servers on a free port of loopback.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/temporary_directory.hpp"

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

/// Apache with these modules ("cgid") and this configuration beside what every
/// Apache needs.
WebServer start_apache(const TemporaryDirectory& directory,
                       const std::vector<std::string>& modules,
                       const std::string& configuration,
                       const Pairs& variables = {});

/// lighttpd with a whole configuration, in which PORT stands for its port.
WebServer start_lighttpd_with(const TemporaryDirectory& directory,
                              std::string configuration);

/// A web server's user may look for files beneath the directory.
void let_all_enter(const TemporaryDirectory& directory);

/// The whole of a file; nothing when there is none.
std::string read_file(const std::string& path);

}  // namespace decant::test
