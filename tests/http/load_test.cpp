// SPDX-License-Identifier: MIT
// A service that reloads and stops while it is busy, by each protocol.
#include "support/load.hpp"

#include <signal.h>

#include "integration/service_fixtures.hpp"
#include "support/catch.hpp"

using namespace decant::test;
using Catch::Matchers::Contains;
using Catch::Matchers::Equals;

TEST_CASE("HUP and TERM lose no request, by any protocol", "[http-load]") {
  const std::string protocol = GENERATE("fcgi", "http", "scgi", "uwsgi");
  const bool on_unix = GENERATE(true, false);
  const bool keep =
      protocol == "fcgi" || protocol == "http" ? GENERATE(true, false) : false;
  CAPTURE(protocol, on_unix, keep);
  const TemporaryDirectory directory;
  Service service(
      {application("obedient"), "--processes", "2", "--threads", "2"},
      on_unix ? "unix:" + directory / "s" : "127.0.0.1:0", protocol);
  Load load({.endpoint = service.endpoint(),
             .protocol = protocol,
             .connections = 8,
             .keep = keep});
  const std::string reloaded = protocol + ": reloaded; new workers serve\n";
  for (std::size_t i = 1; i <= 3; ++i) {
    REQUIRE(load.await(100));
    service.signal(SIGHUP);
    REQUIRE(says(service, reloaded, i));
  }
  REQUIRE(load.await(100));
  load.expect_end();
  service.signal(SIGTERM);
  CHECK(service.wait() == 0);
  CHECK_THAT(load.stop(), Equals(""));
  CHECK_THAT(service.log(), !Contains("was killed"));
}
