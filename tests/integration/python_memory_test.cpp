// SPDX-License-Identifier: MIT
// A Python service that has served 100,000 requests is as large as before.
#include <iostream>

#include "integration/python_fixtures.hpp"
#include "support/catch.hpp"

using namespace decant::test;

namespace {

/// Requests of one application on one connection.
void ask(FastcgiClient& client, int times, const std::string& body,
         const std::string& expected) {
  const FastcgiVariables variables =
      body.empty() ? get("/") : post("/", std::to_string(body.size()));
  const std::string request =
      fastcgi_request(variables, body, {.keep_connection = true});
  for (int i = 0; i < times; ++i) {
    client.send(request);
    const FastcgiResponse response = client.receive();
    if (!response.complete || !response.output.ends_with(expected)) {
      FAIL("request " << i << " was answered with " << response.output);
    }
  }
}

}  // namespace

TEST_CASE("100,000 requests leave a Python service as it was",
          "[python-memory]") {
  if (no_python()) return;
  struct Kind {
    const char* application;
    std::string body;
    std::string expected;
  };
  const Kind kind = GENERATE(as<Kind>(), Kind{"hello", "", "Hello world!\n"},
                             Kind{"cycle", "", "caught\n"},
                             Kind{"generator", "", "0\n1\n2\n"},
                             Kind{"upload", std::string(20'000, 'u'), "\n"});
  CAPTURE(kind.application);
  const TemporaryDirectory directory;
  const Service service(
      {python_application(std::string("python_applications.py:") +
                          kind.application),
       "--threads", "1"},
      "unix:" + directory / "s");
  FastcgiClient client(service.endpoint());
  ask(client, 2'000, kind.body, kind.expected);
  const long before = memory_of(service.pid(), "VmRSS");
  ask(client, 25'000, kind.body, kind.expected);
  const long growth = memory_of(service.pid(), "VmRSS") - before;
  REQUIRE(before > 0);
  std::cout << "25,000 requests of " << kind.application << ": " << growth
            << " KiB more memory\n";
  CHECK(growth < 1024);
}
