// SPDX-License-Identifier: MIT
// HUP and --reload: new workers take over from the old ones.
#include <signal.h>

#include <algorithm>
#include <fstream>

#include "integration/python_fixtures.hpp"
#include "integration/service_fixtures.hpp"
#include "support/catch.hpp"
#include "support/load.hpp"

using namespace decant::test;
using Catch::Matchers::Contains;
using Catch::Matchers::Equals;

namespace {

constexpr const char* reloaded = "fcgi: reloaded; new workers serve\n";

/// Sends HUP and waits until the new workers serve and the old ones are gone.
bool reload(const Service& service) {
  const std::size_t before = count(service.log(), reloaded);
  const std::vector<pid_t> old = children_of(service.pid());
  service.signal(SIGHUP);
  return says(service, reloaded, before + 1) && wait_until([&] {
           return std::none_of(old.begin(), old.end(), is_alive);
         });
}

}  // namespace

TEST_CASE("every request is answered while a service reloads", "[reload]") {
  const bool keep = GENERATE(false, true);
  const bool preload = GENERATE(false, true);
  const std::string threads = GENERATE("1", "3");
  CAPTURE(keep, preload, threads);
  const TemporaryDirectory directory;
  Words words{application("obedient"), "--processes", "2", "--threads",
              threads};
  if (preload) words.push_back("--preload");
  Service service(words, "unix:" + directory / "s");
  Load load({.endpoint = service.endpoint(), .connections = 4, .keep = keep});
  for (int i = 0; i < 3; ++i) {
    REQUIRE(load.await(50));
    REQUIRE(reload(service));
    CHECK(comes_to(service, preload ? 3 : 2));
  }
  REQUIRE(load.await(50));
  CHECK_THAT(load.stop(), Equals(""));
  CHECK_THAT(service.log(), !Contains("was killed"));
  service.signal(SIGTERM);
  CHECK(service.wait() == 0);
}

TEST_CASE("requests in flight are finished by the worker that has them",
          "[reload]") {
  const TemporaryDirectory directory;
  Gate gate(directory / "gate");
  Service service({application("obedient"), "--processes", "1", "--env",
                   "test.gate=" + gate.path()},
                  "unix:" + directory / "s");
  const std::string old = body_of(service.endpoint(), "/pid");
  FastcgiClient client(service.endpoint());
  client.send(fastcgi_request(get("/gate"), ""));
  gate.await_reader();
  service.signal(SIGHUP);
  REQUIRE(says(service, reloaded));
  REQUIRE(wait_until([&] {
    const std::string pid = body_of(service.endpoint(), "/pid");
    return pid != old && !pid.empty();
  }));
  CHECK(is_alive(static_cast<pid_t>(std::stol(old))));
  gate.open();
  CHECK(client.receive().complete);
  CHECK(comes_to(service, 1));
}

TEST_CASE("many HUPs at once are no more than one or two", "[reload]") {
  const TemporaryDirectory directory;
  Service service({application("obedient"), "--processes", "2"},
                  "unix:" + directory / "s");
  Load load({.endpoint = service.endpoint(), .connections = 2});
  for (int i = 0; i < 20; ++i) service.signal(SIGHUP);
  REQUIRE(says(service, reloaded));
  REQUIRE(load.await(50));
  REQUIRE(comes_to(service, 2));
  REQUIRE(reload(service));
  CHECK_THAT(load.stop(), Equals(""));
  CHECK(count(service.log(), reloaded) <= 4);
}

TEST_CASE("a reload runs the code that is there now", "[reload]") {
  if (no_python()) return;
  const bool preload = GENERATE(false, true);
  CAPTURE(preload);
  const TemporaryDirectory directory;
  Words words{write_python(directory, "one"), "--processes", "2", "--threads",
              "2"};
  if (preload) words.push_back("--preload");
  Service service(words, "unix:" + directory / "s");
  Load load({.endpoint = service.endpoint(), .connections = 2, .keep = true});
  CHECK(body_of(service.endpoint()) == "one");
  write_python(directory, "two three");
  CHECK(body_of(service.endpoint()) == "one");
  REQUIRE(reload(service));
  CHECK(body_of(service.endpoint()) == "two three");

  // What cannot be loaded changes nothing.
  directory.write("app.py", "this is no Python\n");
  service.signal(SIGHUP);
  REQUIRE(says(service,
               "decant: fcgi: the application could not be loaded anew; the "
               "old workers go on\n"));
  CHECK_THAT(service.log(), Contains("SyntaxError"));
  CHECK(comes_to(service, preload ? 3 : 2));
  CHECK(body_of(service.endpoint()) == "two three");
  REQUIRE(load.await(20));

  // And is no obstacle to the next one.
  write_python(directory, "four");
  REQUIRE(reload(service));
  CHECK(body_of(service.endpoint()) == "four");
  REQUIRE(load.await(20));
  CHECK_THAT(load.stop(), Equals(""));
}

TEST_CASE("a worker that dies after a failed reload is still replaced",
          "[reload]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  Service service(
      {write_python(directory, "one"), "--processes", "1", "--preload"},
      "unix:" + directory / "s");
  directory.write("app.py", "import os; os._exit(9)\n");
  service.signal(SIGHUP);
  REQUIRE(says(service, "the old workers go on\n"));
  CHECK_THAT(service.log(), Contains("exited with status 9 before it could"));
  const std::string old = body_of(service.endpoint(), "/pid");
  ::kill(static_cast<pid_t>(std::stol(old)), SIGKILL);
  // --preload has kept what was loaded.
  CHECK(wait_until([&] {
    const std::string pid = body_of(service.endpoint(), "/pid");
    return !pid.empty() && pid != old;
  }));
  CHECK(body_of(service.endpoint()) == "one");
}

TEST_CASE("--reload notices a file that has changed", "[reload]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  directory.write("part.py", "answer = b'one'\n");
  const std::string app = directory.write(
      "app.py",
      "import part\n"
      "def application(environ, start_response):\n"
      "    start_response('200 OK', [('Content-Type', 'text/plain')])\n"
      "    return [part.answer]\n");
  Service service({app, "--processes", "2", "--threads", "2", "--reload"},
                  "unix:" + directory / "s");
  Load load({.endpoint = service.endpoint(), .connections = 2});
  CHECK(body_of(service.endpoint()) == "one");
  directory.write("part.py", "answer = b'two and more'\n");
  REQUIRE(says(service, "fcgi: a file of the application has changed\n"));
  CHECK(wait_until(
      [&] { return body_of(service.endpoint()) == "two and more"; }));
  CHECK(comes_to(service, 2));
  CHECK(count(service.log(), "has changed\n") == 1);
  CHECK_THAT(load.stop(), Equals(""));
}
