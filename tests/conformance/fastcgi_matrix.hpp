// SPDX-License-Identifier: MIT
// FastCGI byte by byte: 28 things that a web server may send, most of which
// some implementation gets wrong.
#pragma once

#include <string>
#include <vector>

#include "conformance/kind.hpp"
#include "conformance/service.hpp"
#include "support/catch.hpp"
#include "support/fastcgi_client.hpp"

namespace decant::conformance {

struct FastcgiCase {
  const char* name;
  void (*check)();
};

std::vector<FastcgiCase> record_cases();
std::vector<FastcgiCase> request_cases();

/// The service that all of them speak to.
Service& matrix_service();

/// The variables of a request to an application of the suite.
test::FastcgiVariables get(const std::string& application);
test::FastcgiVariables post(const std::string& application,
                            const std::string& length);
test::FastcgiVariables with(test::FastcgiVariables variables, std::string name,
                            std::string value);

inline constexpr test::FastcgiShape kept{.keep_connection = true};

/// A connection to the service.
struct Peer : test::FastcgiClient {
  Peer() : test::FastcgiClient(matrix_service().endpoint()) {}

  /// The response to a request that is answered as it should be.
  std::string good_output(int id = 1);
  /// The service refuses the request with `status` and ends it.
  void check_refused(const std::string& status);
};

/// The good response to one request on a connection of its own.
std::string output_of(const test::FastcgiVariables& variables,
                      const std::string& body);

}  // namespace decant::conformance
