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

TEST_CASE("the routes example leads to its handlers", "[examples]") {
  CHECK(body_of({plugin("routes"), "/users/7"}) == "{\"id\": 7}\n");
  CHECK(body_of({plugin("routes"), "/users", "-d", "name=Ann+B"}) ==
        "Welcome, Ann B.\n");
}

TEST_CASE("the guest book keeps what is written in it", "[examples]") {
  if (missing_file(plugin("guest_book"), "libsqlite3-dev")) return;
  const TemporaryDirectory directory;
  const Words decant = {
      find_tool("env"),     "GUEST_BOOK=" + (directory / "book"),
      decant_command(),     "run",
      plugin("guest_book"), "/"};
  const auto ask = [&](const Words& further) {
    Words words = decant;
    words.insert(words.end(), further.begin(), further.end());
    const Ran ran = run_clean(words);
    CHECK(ran.status == 0);
    return ran.out;
  };
  const auto write = [&](const std::string& form) {
    return ask({"-H", "Cookie: token=1a", "-d", form});
  };
  const std::string written =
      write("token=1a&name=Ann&text=%3Cb%3E+%26+more%0Aof");
  CHECK(written.starts_with("Status: 303 See Other\r\n"));
  CHECK(written.find("Set-Cookie: name=Ann; Max-Age=86400; Path=/; HttpOnly; "
                     "SameSite=Lax\r\n") != std::string::npos);
  CHECK(write("token=1a&name=Bob&text=hello").starts_with("Status: 303"));
  CHECK(write("token=1a&name=Eve").starts_with("Status: 422"));
  const std::string eve = "name=Eve&text=";
  CHECK(write("token=1a&" + eve + std::string(2001, 'x'))
            .starts_with("Status: 413"));
  CHECK(write("token=1a&" + eve + std::string(20000, 'x'))
            .starts_with("Status: 413"));
  // Not from its own page.
  CHECK(write("token=1b&" + eve).starts_with("Status: 403"));
  CHECK(write(eve).starts_with("Status: 403"));
  CHECK(ask({"-d", "token=&" + eve}).starts_with("Status: 403"));
  const std::string page = ask({"-H", "Cookie: name=A%26B"});
  CHECK(page.find("Set-Cookie: token=") != std::string::npos);
  CHECK(count(page, "<p>") == 2);
  CHECK(page.find(": hello</p>\n<p><b>Ann</b>, ") != std::string::npos);
  CHECK(page.find(": &lt;b&gt; &amp; more\nof</p>\n<form") !=
        std::string::npos);
  CHECK(page.find("value=\"A&amp;B\"") != std::string::npos);
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
