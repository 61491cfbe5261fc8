// SPDX-License-Identifier: MIT
#include "conformance/fastcgi_matrix.hpp"

#include <map>
#include <memory>

namespace decant::conformance {

using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using test::FastcgiVariables;

namespace {

std::string& engine_in_use() {
  static std::string engine = engines[0];
  return engine;
}

}  // namespace

const std::string& current_engine() {
  return engine_in_use();
}

Service& matrix_service() {
  static std::map<std::string, std::unique_ptr<Service>> running;
  std::unique_ptr<Service>& service = running[current_engine()];
  if (!service) {
    service = std::make_unique<Service>(
        app(Kind::native), with_engine({"--max-params", "200000,1000"}));
  }
  return *service;
}

test::Words with_engine(test::Words options) {
  options.insert(options.end(), {"--engine", current_engine()});
  return options;
}

FastcgiVariables get(const std::string& application) {
  return {{"REQUEST_METHOD", "GET"},
          {"SCRIPT_NAME", ""},
          {"PATH_INFO", "/"},
          {"SERVER_PROTOCOL", "HTTP/1.1"},
          {"HTTP_X_CONFORMANCE", application}};
}

FastcgiVariables post(const std::string& application,
                      const std::string& length) {
  FastcgiVariables variables = get(application);
  variables[0].second = "POST";
  variables.emplace_back("CONTENT_LENGTH", length);
  return variables;
}

FastcgiVariables with(FastcgiVariables variables, std::string name,
                      std::string value) {
  variables.emplace_back(std::move(name), std::move(value));
  return variables;
}

std::string Peer::good_output(int id) {
  const test::FastcgiResponse response = receive(id);
  CHECK(response.complete);
  CHECK(response.application_status == 0);
  CHECK(response.protocol_status == test::fcgi_request_complete);
  CHECK_THAT(response.output, StartsWith("Status: 200 OK\r\n"));
  return response.output;
}

void Peer::check_refused(const std::string& status) {
  const test::FastcgiResponse response = receive();
  CHECK(response.complete);
  CHECK_THAT(response.output, StartsWith("Status: " + status));
}

std::string output_of(const FastcgiVariables& variables,
                      const std::string& body) {
  Peer peer;
  peer.send(test::fastcgi_request(variables, body));
  return peer.good_output();
}

namespace {

/// Whatever came, the service answers a fresh request.
void check(const std::vector<FastcgiCase>& cases) {
  for (const FastcgiCase& one : cases) {
    DYNAMIC_SECTION(one.name) {
      if (one.not_with_libfcgi != nullptr && current_engine() == "libfcgi") {
        SUCCEED(one.not_with_libfcgi);
        return;
      }
      one.check();
      CHECK(matrix_service().running());
      CHECK_THAT(output_of(get("string"), ""), EndsWith("a string\n"));
    }
  }
}

void check(const char* engine) {
  engine_in_use() = engine;
  for (const auto cases :
       {record_cases, request_cases, response_cases, further_cases}) {
    check(cases());
  }
}

}  // namespace

TEST_CASE("FastCGI byte by byte, records", "[fastcgi-matrix-records]") {
  check("records");
}

TEST_CASE("FastCGI byte by byte, libfcgi", "[fastcgi-matrix-libfcgi]") {
  check("libfcgi");
}

}  // namespace decant::conformance
