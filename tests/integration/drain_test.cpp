// SPDX-License-Identifier: MIT
// TERM to a service that is busy: what is in flight is answered, nothing is
// left behind.
#include <signal.h>

#include <chrono>
#include <filesystem>

#include "integration/python_fixtures.hpp"
#include "integration/service_fixtures.hpp"
#include "support/catch.hpp"

using namespace decant::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

struct Kind {
  std::string name;
  std::string processes;
  std::string threads;
};

}  // namespace

TEST_CASE("TERM answers what was sent before it", "[drain]") {
  const Kind kind =
      GENERATE(Kind{"native", "2", "2"}, Kind{"native", "2", "1"},
               Kind{"native", "0", "3"}, Kind{"native", "0", "1"},
               Kind{"python", "1", "3"}, Kind{"preload", "2", "2"});
  if (kind.name == "python" && no_python()) return;
  CAPTURE(kind.name, kind.processes, kind.threads);
  const TemporaryDirectory directory;
  Words words{
      kind.name == "python" ? write_python(directory) : application("obedient"),
      "--processes", kind.processes, "--threads", kind.threads};
  if (kind.name == "preload") words.push_back("--preload");
  Service service(words, "unix:" + directory / "s");
  std::vector<pid_t> processes = children_of(service.pid());
  processes.push_back(service.pid());
  std::vector<FastcgiClient> kept;
  for (int i = 0; i < 8; ++i) {
    kept.emplace_back(service.endpoint());
    kept.back().send(fastcgi_request(get("/"), "", {.keep_connection = true}));
    REQUIRE(kept.back().receive().complete);
  }
  // Half of the kept connections have a request on its way, and there are new
  // ones.
  std::vector<FastcgiClient> busy;
  for (std::size_t i = 0; i < 4; ++i) {
    kept[i].send(fastcgi_request(get("/nap"), "", {.keep_connection = true}));
    busy.emplace_back(service.endpoint());
    busy.back().send(fastcgi_request(get("/nap"), ""));
  }
  const auto start = std::chrono::steady_clock::now();
  service.signal(SIGTERM);
  for (std::size_t i = 0; i < 4; ++i) {
    CAPTURE(i);
    CHECK_THAT(kept[i].receive().output, Contains("ok"));
    CHECK_THAT(busy[i].receive().output, Contains("ok"));
  }
  for (FastcgiClient& client : kept) {
    CHECK(client.wait_for_end());
    client.close();
  }
  CHECK(service.wait() == 0);
  CHECK(std::chrono::steady_clock::now() - start < 5s);
  for (const pid_t process : processes) CHECK(!is_alive(process));
  CHECK(!std::filesystem::exists(directory / "s"));
  CHECK_THAT(service.log(), Contains("fcgi: stopped\n"));
  CHECK_THAT(service.log(), !Contains("was killed") && !Contains("error"));
}

TEST_CASE("half a request does not keep a service that is to stop", "[drain]") {
  const TemporaryDirectory directory;
  Service service({application("obedient"), "--processes", "2"},
                  "unix:" + directory / "s");
  FastcgiClient client(service.endpoint());
  client.send(fastcgi_request(get("/"), "").substr(0, 30));
  REQUIRE(ask(service.endpoint(), "/").complete);
  const auto start = std::chrono::steady_clock::now();
  service.signal(SIGTERM);
  CHECK(service.wait() == 0);
  CHECK(std::chrono::steady_clock::now() - start < 5s);
}

TEST_CASE("a peer that keeps its connection does not keep the service",
          "[drain]") {
  const std::string threads = GENERATE("1", "2");
  const TemporaryDirectory directory;
  Service service(
      {application("obedient"), "--processes", "0", "--threads", threads},
      "unix:" + directory / "s");
  FastcgiClient client(service.endpoint());
  client.send(fastcgi_request(get("/nap"), "", {.keep_connection = true}));
  const auto start = std::chrono::steady_clock::now();
  service.signal(SIGTERM);
  CHECK(client.receive().complete);
  CHECK(service.wait() == 0);  // while the client holds its end open
  CHECK(std::chrono::steady_clock::now() - start < 1900ms);
}

TEST_CASE("whoever comes while a service drains is told so at once",
          "[drain]") {
  const std::string processes = GENERATE("1", "2");
  const TemporaryDirectory directory;
  Gate gate(directory / "gate");
  Service service({application("obedient"), "--processes", processes, "--env",
                   "test.gate=" + gate.path()},
                  "unix:" + directory / "s");
  FastcgiClient client(service.endpoint());
  client.send(fastcgi_request(get("/gate"), ""));
  gate.await_reader();
  service.signal(SIGTERM);
  CHECK(wait_until([&] { return !accepts(service.endpoint()); }));
  gate.open();
  CHECK(client.receive().complete);
  CHECK(service.wait() == 0);
}
