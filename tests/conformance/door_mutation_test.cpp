// SPDX-License-Identifier: MIT
// HTTP, SCGI and uwsgi: nothing that comes keeps a service from answering the
// next request.
#include <array>
#include <iostream>

#include "conformance/mutation.hpp"
#include "conformance/server_side.hpp"
#include "conformance/service.hpp"
#include "support/http_client.hpp"
#include "support/variables_wire.hpp"

namespace decant::conformance {
namespace {

struct Asked {
  std::string method = "GET";
  std::string application = {};
  std::string body = {};
};

Asked random_request(Numbers& numbers) {
  Asked asked;
  asked.application =
      std::array{"string", "echo", "lines", "many-chunks"}[numbers.below(4)];
  if (numbers.coin()) {
    asked.method = "POST";
    asked.body.assign(numbers.below(numbers.coin() ? 100 : 100'000), 'b');
  }
  return asked;
}

/// Up to four requests on one connection.
std::string http_stream(Numbers& numbers) {
  std::string bytes;
  for (std::size_t n = 1 + numbers.below(4); n > 0; --n) {
    const Asked asked = random_request(numbers);
    const Headers headers = {{"X-Conformance", asked.application}};
    bytes +=
        numbers.coin()
            ? test::http_request(asked.method, "/a%20b?c", asked.body, headers)
            : test::http_chunked_request("POST", "/", asked.body,
                                         1 + numbers.below(1000), headers);
  }
  return bytes;
}

Pairs variables_of(const Asked& asked) {
  return {{"CONTENT_LENGTH", std::to_string(asked.body.size())},
          {"SCGI", "1"},
          {"REQUEST_METHOD", asked.method},
          {"REQUEST_URI", "/a%20b?c"},
          {"SERVER_NAME", "a"},
          {"SERVER_PORT", "80"},
          {"SERVER_PROTOCOL", "HTTP/1.1"},
          {"HTTP_X_CONFORMANCE", asked.application}};
}

std::string stream_of(const std::string& protocol, Numbers& numbers) {
  if (protocol == "http") return http_stream(numbers);
  const Asked asked = random_request(numbers);
  return protocol == "scgi"
             ? test::scgi_request(variables_of(asked), asked.body)
             : test::uwsgi_request(variables_of(asked), asked.body);
}

/// What a request is answered with.
std::string answer(const std::string& protocol, const std::string& endpoint) {
  const Asked asked{.application = "string"};
  test::SocketClient peer(endpoint);
  peer.send(protocol == "http"
                ? test::http_request("GET", "/", {},
                                     {{"X-Conformance", asked.application},
                                      {"Connection", "close"}})
            : protocol == "scgi" ? test::scgi_request(variables_of(asked))
                                 : test::uwsgi_request(variables_of(asked)));
  REQUIRE(peer.wait_for_end());
  return peer.received();
}

}  // namespace

TEST_CASE("no stream keeps a door from answering the next request",
          "[door-mutation]") {
  const std::string protocol = GENERATE("http", "scgi", "uwsgi");
  Service service(app(Kind::native), {"--grace", "5"}, protocol);
  const auto end = std::chrono::steady_clock::now() + time_to_spend();
  unsigned seed = 1;
  for (; std::chrono::steady_clock::now() < end; ++seed) {
    CAPTURE(protocol, seed);
    Numbers numbers(seed);
    std::string bytes = stream_of(protocol, numbers);
    mutate(numbers, bytes);
    torment(service.endpoint(), bytes, numbers);
    REQUIRE(service.running());
    REQUIRE_THAT(answer(protocol, service.endpoint()),
                 Catch::Matchers::EndsWith("a string\n"));
  }
  std::cout << seed - 1 << " mutated streams by " << protocol << '\n';
}

}  // namespace decant::conformance
