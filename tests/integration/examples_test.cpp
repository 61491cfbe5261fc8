// SPDX-License-Identifier: MIT
// Each example does what its first comment says. The configurations of web
// servers are in the tests of those.
#include <fstream>

#include "integration/fixtures.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace decant::test;

namespace {

std::string body_of(const Words& words) {
  Words all = {decant_command(), "run"};
  all.insert(all.end(), words.begin(), words.end());
  all.insert(all.end(), {"--as", "body"});
  const Ran ran = run_clean(all);
  CHECK(ran.status == 0);
  CHECK(ran.err.empty());
  return ran.out;
}

}  // namespace

TEST_CASE("the hello example says hello", "[examples]") {
  CHECK(body_of({plugin("hello"), "/"}) == "Hello world!\n");
}

TEST_CASE("the streaming example counts down", "[examples]") {
  CHECK(body_of({plugin("streaming"), "/?3"}) == "3\n2\n1\nLift-off!\n");
}

TEST_CASE("the upload example counts and hashes", "[examples]") {
  // The check values of FNV-1a's authors.
  CHECK(body_of({plugin("upload"), "/", "-d", "foobar"}) ==
        "6 bytes, fnv1a bf9cf968\n");
  CHECK(body_of({plugin("upload"), "/"}) == "0 bytes, fnv1a 811c9dc5\n");
}

TEST_CASE("the middleware example adds a header and mounts a page",
          "[examples]") {
  const Ran ran =
      run_clean({decant_command(), "run", plugin("middleware"), "/"});
  CHECK(ran.out ==
        "Status: 200 OK\r\nContent-Type: text/plain\r\n"
        "X-Robots-Tag: noindex\r\nContent-Length: 6\r\n\r\nHome.\n");
  CHECK(body_of({plugin("middleware"), "/about/us"}) ==
        "About /us beneath /about\n");
}

TEST_CASE("the systemd units are valid", "[systemd]") {
  if (missing("systemd-analyze", "systemd")) return;
  // For ExecReload, which is a path.
  if (missing_file("/bin/kill", "procps")) return;
  const TemporaryDirectory directory;
  const Pairs decant = {{"/usr/local/bin/decant", decant_command()}};
  Pairs hello = decant;
  hello.emplace_back("/usr/local/lib/decant/hello.so", plugin("hello"));
  directory.write("decant.socket", example("systemd/decant.socket", {}));
  directory.write("decant@.socket", example("systemd/decant@.socket", {}));
  directory.write("decant.service", example("systemd/decant.service", hello));
  directory.write("decant@.service",
                  example("systemd/decant@.service", decant));
  const std::string name = GENERATE("decant.service", "decant.socket",
                                    "decant@.service", "decant@.socket");
  CAPTURE(name);
  const Ran ran = run_clean(
      {find_tool("systemd-analyze"), "verify", "--man=no", directory / name});
  CHECK(ran.err == "");
  CHECK(ran.status == 0);
}
