// SPDX-License-Identifier: MIT
// What one request, one connection or one worker may take from a service.
#include <signal.h>

#include <chrono>
#include <deque>
#include <iostream>
#include <set>

#include "integration/python_fixtures.hpp"
#include "integration/service_fixtures.hpp"
#include "support/catch.hpp"
#include "support/load.hpp"

using namespace decant::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::Equals;
using Catch::Matchers::StartsWith;

namespace {

using Clock = std::chrono::steady_clock;

/// One way to run an application, with a time-out of a second.
struct Timed {
  Timed(bool python, std::string process_count, std::string thread_count)
      : is_python(python),
        processes(std::move(process_count)),
        threads(std::move(thread_count)),
        service({python ? write_python(directory) : application("obedient"),
                 "--processes", processes, "--threads", threads, "--timeout",
                 "1", "--grace", "1"},
                "unix:" + directory / "s"),
        client(service.endpoint()) {}

  std::string name() const {
    return std::string(is_python ? "Python" : "native") + ", " + processes +
           " processes, " + threads + " threads";
  }
  /// The language ends the request by an exception; else nothing can end it.
  bool is_interrupted() const { return is_python && threads == "1"; }

  TemporaryDirectory directory;
  bool is_python;
  std::string processes;
  std::string threads;
  Service service;
  FastcgiClient client;
  Clock::time_point start = Clock::now();
};

/// All of them at the same time, since each takes its second.
std::deque<Timed> all_timed() {
  const bool python = !no_python();
  std::deque<Timed> all;
  for (const char* const processes : {"0", "1"}) {
    for (const char* const threads : {"1", "2"}) {
      all.emplace_back(false, processes, threads);
      if (python) all.emplace_back(true, processes, threads);
    }
  }
  return all;
}

std::string logged(const Load& load) {
  return std::to_string(load.answered()) + " answers, " +
         std::to_string(load.stale()) + " sent again\n";
}

}  // namespace

TEST_CASE("a request that takes too long is answered 504", "[limits]") {
  std::deque<Timed> all = all_timed();
  for (Timed& timed : all) {
    timed.start = Clock::now();
    timed.client.send(fastcgi_request(get("/sleep"), ""));
  }
  for (Timed& timed : all) {
    CAPTURE(timed.name());
    const FastcgiResponse response = timed.client.receive();
    CHECK(response.complete);
    CHECK_THAT(response.output, StartsWith("Status: 504 "));
    CHECK(Clock::now() - timed.start >= 900ms);
    CHECK(Clock::now() - timed.start < 3s);
    CHECK(says(timed.service,
               "decant: GET /sleep: took longer than --timeout allows\n"));
    if (timed.is_python) {
      CHECK_THAT(timed.service.log(),
                 Contains("Stack (most recent call first):\n") &&
                     Contains("line 7 in application"));
    }
    if (timed.is_interrupted()) {
      CHECK(says(timed.service, "GET /sleep: python: TimeoutError: "));
    }
  }
  for (Timed& timed : all) {
    CAPTURE(timed.name());
    // Nothing can take a native application's only thread from it.
    const bool is_lost =
        !timed.is_python && timed.threads == "1" && timed.processes == "0";
    if (!is_lost) CHECK(body_of(timed.service.endpoint()) == "ok");
    if (timed.processes == "1" && !timed.is_interrupted()) {
      CHECK(
          says(timed.service,
               "is replaced: it has a request that cannot be ended: GET /sleep "
               "for "));
      CHECK(comes_to(timed.service, 1));
    }
    timed.service.signal(SIGTERM);
  }
  for (Timed& timed : all) {
    CAPTURE(timed.name());
    CHECK(timed.service.wait() == 0);
    CHECK_THAT(timed.service.log(), !Contains("was killed"));
  }
}

TEST_CASE("a response that takes too long is cut", "[limits]") {
  std::deque<Timed> all = all_timed();
  for (Timed& timed : all) {
    timed.start = Clock::now();
    timed.client.send(fastcgi_request(get("/half"), ""));
  }
  for (Timed& timed : all) {
    CAPTURE(timed.name());
    const FastcgiResponse response = timed.client.receive(1, 5s);
    CHECK_THAT(response.output, Contains("first") && !Contains("504"));
    CHECK(!response.complete);
    CHECK(timed.client.ended());
    CHECK(says(timed.service,
               "decant: GET /half: took longer than --timeout allows\n"));
  }
  for (Timed& timed : all) timed.service.signal(SIGTERM);
}

TEST_CASE("peers that leave in mid-request leave nothing behind", "[limits]") {
  const std::string engine = GENERATE("records", "libfcgi");
  const std::string threads = GENERATE("1", "4");
  const std::string processes = GENERATE("0", "1");
  CAPTURE(engine, threads, processes);
  TemporaryDirectory directory;
  const Service service({plugin("hello"), "--engine", engine, "--threads",
                         threads, "--processes", processes},
                        "unix:" + directory / "s");
  const pid_t worker =
      processes == "0" ? service.pid() : children_of(service.pid()).at(0);
  REQUIRE_THAT(ask(service.endpoint()).output, StartsWith("Status: 200 "));
  const std::size_t before = open_descriptors(worker);
  const std::string request = fastcgi_request(get("/"), "");
  for (std::size_t i = 0; i < 5000; ++i) {
    SocketClient(service.endpoint())
        .send(request.substr(0, i % request.size()));
  }
  CHECK_THAT(ask(service.endpoint()).output, StartsWith("Status: 200 "));
  CHECK(wait_until([&] { return open_descriptors(worker) <= before; }, 1s));
}

TEST_CASE("others are answered beside a request that cannot be ended",
          "[limits]") {
  const bool python = GENERATE(false, true);
  if (python && no_python()) return;
  const TemporaryDirectory directory;
  const std::string app =
      python ? write_python(directory) : application("obedient");
  const auto words = [&](const char* processes) {
    return Words{app,         "--processes", processes, "--threads", "2",
                 "--timeout", "1",           "--grace", "1"};
  };
  const Service alone(words("0"), "unix:" + directory / "a");
  const Service workers(words("2"), "unix:" + directory / "b");
  std::deque<Load> loads;
  for (const Service* const service : {&alone, &workers}) {
    for (const bool keep : {false, true}) {
      loads.emplace_back(LoadSettings{
          .endpoint = service->endpoint(), .connections = 1, .keep = keep});
    }
  }
  // As many as there are threads: the next one would find none.
  for (int round = 0; round < 2; ++round) {
    std::vector<FastcgiClient> stuck;
    for (const Service* const service : {&alone, &workers}) {
      stuck.emplace_back(service->endpoint());
      stuck.back().send(fastcgi_request(get("/sleep"), ""));
    }
    for (FastcgiClient& client : stuck) {
      const FastcgiResponse response = client.receive();
      CHECK(response.complete);
      CHECK_THAT(response.output, StartsWith("Status: 504 "));
    }
    for (Load& load : loads) CHECK(load.await(20));
  }
  CHECK(says(workers, "is replaced: it has a request that cannot be ended"));
  for (Load& load : loads) {
    CHECK(load.await(20));
    CHECK_THAT(load.stop(), Equals(""));
  }
  CHECK(comes_to(workers, 2));
  CHECK(children_of(alone.pid()).empty());
}

TEST_CASE("a worker that has served enough is replaced under load",
          "[limits]") {
  const bool keep = GENERATE(false, true);
  const std::string threads = GENERATE("1", "3");
  CAPTURE(keep, threads);
  const TemporaryDirectory directory;
  Service service({application("obedient"), "--processes", "2", "--threads",
                   threads, "--max-requests", "50,25"},
                  "unix:" + directory / "s");
  const std::vector<pid_t> first = children_of(service.pid());
  Load load({.endpoint = service.endpoint(), .keep = keep});
  REQUIRE(load.await(1000));
  CHECK_THAT(load.stop(), Equals(""));
  std::cout << logged(load);
  CHECK(wait_until([&] { return !is_alive(first[0]) && !is_alive(first[1]); }));
  CHECK(comes_to(service, 2));
  CHECK_THAT(service.log(), !Contains("was killed"));
  CHECK(body_of(service.endpoint()) == "ok");
}

TEST_CASE("a worker with too much memory is replaced", "[limits]") {
  const TemporaryDirectory directory;
  Service service({application("obedient"), "--processes", "1", "--max-memory",
                   std::to_string(64 << 20)},
                  "unix:" + directory / "s");
  const std::string old = body_of(service.endpoint(), "/pid");
  Load load({.endpoint = service.endpoint(), .connections = 1});
  for (int i = 0; i < 3; ++i) CHECK(ask(service.endpoint(), "/leak").complete);
  REQUIRE(says(service, " MiB, more than --max-memory; it is replaced\n"));
  CHECK(wait_until([&] {
    const std::string pid = body_of(service.endpoint(), "/pid");
    return !pid.empty() && pid != old;
  }));
  CHECK_THAT(load.stop(), Equals(""));
  CHECK(comes_to(service, 1));
  CHECK_THAT(service.log(), Contains("worker " + old + " has "));
}

TEST_CASE("a connection too many is answered 503", "[limits]") {
  const TemporaryDirectory directory;
  Service service(
      {application("obedient"), "--processes", "1", "--max-connections", "2"},
      "unix:" + directory / "s");
  const std::string request =
      fastcgi_request(get("/"), "", {.keep_connection = true});
  std::vector<FastcgiClient> clients;
  for (int i = 0; i < 2; ++i) {
    clients.emplace_back(service.endpoint());
    clients.back().send(request);
    CHECK_THAT(clients.back().receive().output, Contains("ok"));
  }
  const FastcgiResponse refused = ask(service.endpoint());
  CHECK(refused.complete);
  CHECK_THAT(refused.output, StartsWith("Status: 503 "));
  clients.front().send(request);
  CHECK_THAT(clients.front().receive().output, Contains("ok"));
  clients.pop_back();
  CHECK(wait_until([&] { return body_of(service.endpoint()) == "ok"; }));
  CHECK_THAT(service.log(), Contains("more connections than"));
}

TEST_CASE("connections that keep silent are closed", "[limits]") {
  const TemporaryDirectory directory;
  Service service({application("obedient"), "--processes", "1",
                   "--header-timeout", "1", "--idle-timeout", "2"},
                  "unix:" + directory / "s");
  FastcgiClient half(service.endpoint());
  half.send(fastcgi_request(get("/"), "").substr(0, 40));
  FastcgiClient idle(service.endpoint());
  idle.send(fastcgi_request(get("/"), "", {.keep_connection = true}));
  CHECK(idle.receive().complete);
  FastcgiClient silent(service.endpoint());
  const auto start = Clock::now();
  CHECK(half.wait_for_end());
  CHECK(!idle.ended());
  CHECK(Clock::now() - start < 5s);
  CHECK(idle.wait_for_end());
  CHECK(silent.wait_for_end());
  CHECK(Clock::now() - start < 8s);
  CHECK(body_of(service.endpoint()) == "ok");
}

TEST_CASE("a service that is out of descriptors comes back", "[limits]") {
  const std::string processes = GENERATE("0", "1");
  const TemporaryDirectory directory;
  const std::string endpoint = "unix:" + directory / "s";
  Service service(
      Command{.words = {"/bin/sh", "-c", "ulimit -n 64; exec \"$@\"", "sh",
                        decant_command(), "fcgi", application("obedient"),
                        "--processes", processes, "--threads", "2", "--listen",
                        endpoint}});
  FastcgiClient early(endpoint);
  const std::string request =
      fastcgi_request(get("/"), "", {.keep_connection = true});
  early.send(request);
  REQUIRE(early.receive().complete);
  std::vector<FastcgiClient> crowd;
  crowd.reserve(500);
  for (int i = 0; i < 500; ++i) crowd.emplace_back(endpoint);
  REQUIRE(says(service, "accept: Too many open files; new connections wait"));
  // Who is in is served.
  early.send(request);
  CHECK(early.receive().complete);
  // Those that wait come in as others leave.
  crowd.back().send(fastcgi_request(get("/"), ""));
  for (std::size_t i = 0; i + 1 < crowd.size(); ++i) crowd[i].close();
  CHECK_THAT(crowd.back().receive().output, Contains("ok"));
  CHECK(body_of(endpoint) == "ok");
  // Not a line for each connection.
  CHECK(count(service.log(), "accept: ") < 20);
  if (processes == "1") {
    CHECK(children_of(service.pid()).size() == 1);
    CHECK_THAT(service.log(), !Contains("worker "));
  }
}

TEST_CASE("clients that leave are no trouble", "[limits]") {
  const TemporaryDirectory directory;
  Service service(
      {application("endless_stream"), "--processes", "1", "--threads", "4",
       "--env", "test.mark=" + directory / "mark"},
      "unix:" + directory / "s");
  const std::vector<pid_t> workers = children_of(service.pid());
  for (std::size_t i = 0; i < 20; ++i) {
    FastcgiClient client(service.endpoint());
    client.send(fastcgi_request(get("/" + std::to_string(i)), ""));
    REQUIRE(client.read_until("xxx"));
  }
  REQUIRE(says(service, ": the client left after ", 20));
  CHECK(count(service.log(), "\n") == 21);  // with the first one
  CHECK(children_of(service.pid()) == workers);
}
