// SPDX-License-Identifier: MIT
// A real nginx for one test: its own port, its own files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "support/process.hpp"
#include "support/temporary_directory.hpp"

namespace decant::test {

class Nginx {
 public:
  /// Starts nginx with `server` inside a server block that listens on a free
  /// port of 127.0.0.1, and waits until it accepts. `include fastcgi_params;`
  /// finds what nginx comes with. `http` goes in front of the server block.
  /// Throws std::runtime_error with its log when it does not start.
  explicit Nginx(const std::string& server, const std::string& http = "");

  /// True when nginx is installed.
  static bool installed() { return !find_tool("nginx").empty(); }

  std::uint16_t port() const { return port_; }
  pid_t pid() const { return process_->pid(); }
  /// Its error log so far.
  std::string log() const;

 private:
  bool start(const std::string& server, const std::string& http);

  TemporaryDirectory directory_;
  std::uint16_t port_ = 0;
  std::optional<Process> process_;
};

}  // namespace decant::test
