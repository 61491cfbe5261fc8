// SPDX-License-Identifier: MIT
// FastCGI byte by byte: 28 things that a web server may send, most of which
// some implementation gets wrong, and as many again, through each engine.
#pragma once

#include <array>
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
  /// Why libfcgi cannot, if so.
  const char* not_with_libfcgi = nullptr;
};

std::vector<FastcgiCase> record_cases();
std::vector<FastcgiCase> request_cases();
/// What the 28 leave out.
std::vector<FastcgiCase> response_cases();
std::vector<FastcgiCase> further_cases();

inline constexpr std::array<const char*, 2> engines = {"records", "libfcgi"};

/// The engine that is being tried, one of `engines`.
const std::string& current_engine();
/// The service that all of them speak to, with that engine.
Service& matrix_service();
/// Another one with that engine.
test::Words with_engine(test::Words options);

/// The cases, engine by engine and peer by peer, in Markdown: what the tests
/// hold us to.
void print_fastcgi_matrix();

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
