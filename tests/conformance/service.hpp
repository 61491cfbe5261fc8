// SPDX-License-Identifier: MIT
// A service, as of `decant fcgi`, with the applications of the suite.
#pragma once

#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/temporary_directory.hpp"

namespace decant::conformance {

class Service {
 public:
  /// Starts it with APP on a unix socket and waits until it accepts.
  explicit Service(const std::string& app, const test::Words& options = {},
                   const std::string& protocol = "fcgi");
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  /// Stops it. One that does not end well ends the suite, with its log: that is
  /// where a sanitizer says what it found.
  ~Service();

  const std::string& endpoint() const { return endpoint_; }
  /// Bytes of its log so far.
  std::size_t log_size() const;
  /// Its log from `offset` on, once it holds each of `awaited` or that has
  /// taken too long.
  std::string log(std::size_t offset,
                  const std::vector<std::string>& awaited) const;
  bool running() { return process_.running(); }

 private:
  test::TemporaryDirectory directory_;
  std::string endpoint_;
  test::Process process_;
};

}  // namespace decant::conformance
