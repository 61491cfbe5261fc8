// SPDX-License-Identifier: MIT
// `decant fcgi --status`: what a service tells of itself while it is busy.
#include <signal.h>

#include <chrono>

#include "integration/service_fixtures.hpp"
#include "support/catch.hpp"
#include "support/http_client.hpp"

using namespace decant::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

HttpResponse look(const std::string& endpoint, const std::string& target) {
  HttpClient client(endpoint);
  client.send(http_request("GET", target));
  return client.receive();
}

/// A service with a gate and a status endpoint.
struct Watched {
  explicit Watched(Words words)
      : gate(directory / "gate"),
        status("unix:" + directory / "status"),
        service(with_gate(std::move(words)), "unix:" + directory / "s") {}

  Words with_gate(Words words) const {
    words.insert(words.begin(), application("obedient"));
    words.insert(words.end(),
                 {"--status", status, "--env", "test.gate=" + gate.path()});
    return words;
  }
  /// As a label.
  std::string door() const {
    return "{door=\"fcgi://" + service.endpoint() + "\"}";
  }
  bool tells(const std::string& target, const std::string& text) const {
    return wait_until([&] {
      return look(status, target).body.find(text) != std::string::npos;
    });
  }

  TemporaryDirectory directory;
  Gate gate;
  std::string status;
  Service service;
};

}  // namespace

TEST_CASE("a service tells how it is while all its workers are busy",
          "[status]") {
  const bool preload = GENERATE(false, true);
  Words words{"--processes", "2", "--threads", "1"};
  if (preload) words.push_back("--preload");
  Watched watched(words);
  for (int i = 0; i < 5; ++i)
    CHECK(body_of(watched.service.endpoint()) == "ok");
  REQUIRE(watched.tells("/status", "\"busy\":0,"));
  CHECK(watched.tells("/status", "\"totals\":{\"requests\":5,\"errors\":0,"));
  std::vector<FastcgiClient> clients;
  for (int i = 0; i < 2; ++i) {
    clients.emplace_back(watched.service.endpoint());
    clients.back().send(fastcgi_request(get("/gate"), ""));
  }
  REQUIRE(watched.tells("/status", "\"busy\":2,"));
  const std::string json = look(watched.status, "/status").body;
  CHECK(count(json, "\"request\":\"GET /gate\"") == 2);
  CHECK(count(json, "\"state\":\"ready\"") == 2);
  const std::string metrics = look(watched.status, "/metrics").body;
  CHECK_THAT(metrics, Contains("\ndecant_workers{state=\"ready\"} 2\n") &&
                          Contains("\ndecant_threads_busy 2\n") &&
                          Contains("\ndecant_threads 2\n") &&
                          Contains("\ndecant_requests_total" + watched.door() +
                                   " 5\n") &&
                          Contains("\ndecant_worker_restarts_total 0\n"));
  CHECK(metrics.ends_with("# EOF\n"));
  CHECK(look(watched.status, "/ping").status == 200);
  CHECK(look(watched.status, "/nothing").status == 404);
  const Ran table = run_clean({decant_command(), "status", watched.status});
  CHECK(table.status == 0);
  CHECK_THAT(table.out, Contains("Requests  5, ") && Contains("GET /gate\n"));
  watched.gate.open();
  for (FastcgiClient& client : clients) {
    if (client.receive(1, 1000ms).complete) continue;
    watched.gate.open();  // it came when the gate was shut again
    CHECK(client.receive().complete);
  }
  CHECK(watched.tells("/status", "\"requests\":7,"));
  CHECK(watched.tells("/status", "\"busy\":0,"));
}

TEST_CASE("restarts are counted, and counters never go back", "[status]") {
  Watched watched({"--processes", "1", "--threads", "2"});
  for (int i = 0; i < 10; ++i) {
    CHECK(body_of(watched.service.endpoint()) == "ok");
  }
  REQUIRE(watched.tells("/status", "\"requests\":10,"));
  ::kill(children_of(watched.service.pid()).front(), SIGKILL);
  REQUIRE(watched.tells("/metrics", "\ndecant_worker_restarts_total 1\n"));
  CHECK_THAT(look(watched.status, "/metrics").body,
             Contains("\ndecant_requests_total" + watched.door() + " 10\n"));
  REQUIRE(watched.tells("/status", "\"state\":\"ready\""));
  CHECK(body_of(watched.service.endpoint()) == "ok");
  CHECK(watched.tells("/metrics",
                      "\ndecant_requests_total" + watched.door() + " 11\n"));
  // A reload is no restart.
  watched.service.signal(SIGHUP);
  REQUIRE(says(watched.service, "reloaded; new workers serve"));
  CHECK(comes_to(watched.service, 1));
  const std::string metrics = look(watched.status, "/metrics").body;
  CHECK_THAT(metrics, Contains("\ndecant_worker_restarts_total 1\n") &&
                          Contains("\ndecant_requests_total" + watched.door() +
                                   " 11\n"));
  // A request that dies with its worker is an error.
  CHECK(!ask(watched.service.endpoint(), "/crash").complete);
  CHECK(watched.tells(
      "/metrics", "\ndecant_request_errors_total" + watched.door() + " 1\n"));
}

TEST_CASE("decant status tells a service that runs from one that does not",
          "[status]") {
  Watched watched({"--processes", "1"});
  const Words words{decant_command(), "status", "--json", watched.status};
  const Ran up = run_clean(words);
  CHECK(up.status == 0);
  CHECK_THAT(up.out, StartsWith("{\"version\":"));
  watched.service.signal(SIGTERM);
  CHECK(watched.service.wait() == 0);
  const Ran down = run_clean(words);
  CHECK(down.status == 1);
  CHECK(count(down.err, "\n") == 1);
}

TEST_CASE("a status endpoint that is in use keeps a service from starting",
          "[status]") {
  Watched watched({"--processes", "1"});
  const TemporaryDirectory directory;
  const Ran ran = run_clean(
      {decant_command(), "fcgi", application("obedient"), "--processes", "1",
       "--listen", "unix:" + directory / "s", "--status", watched.status});
  CHECK(ran.status == 1);
  CHECK_THAT(ran.err, Contains("is in use by a running service"));
  CHECK(count(ran.err, "\n") == 1);
  CHECK(look(watched.status, "/ping").status == 200);
}
