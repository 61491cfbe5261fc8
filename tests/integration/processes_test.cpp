// SPDX-License-Identifier: MIT
// The workers of `decant fcgi`: started, replaced, more, fewer, stopped.
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <regex>
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

std::size_t lines_of(const std::string& text) {
  return count(text, "\n");
}

/// Waits until another worker than `old` answers; gives its process id.
std::string next_worker(const Service& service, const std::string& old) {
  std::string pid;
  wait_until([&] {
    pid = body_of(service.endpoint(), "/pid");
    return !pid.empty() && pid != old;
  });
  return pid;
}

pid_t number(const std::string& text) {
  return static_cast<pid_t>(std::stol(text));
}

}  // namespace

TEST_CASE("workers are started that all serve", "[processes]") {
  const TemporaryDirectory directory;
  Service service(
      {application("obedient"), "--processes", "3", "--threads", "1"},
      "unix:" + directory / "s");
  CHECK_THAT(service.log(), Contains("3 processes with 1 thread\n"));
  REQUIRE(comes_to(service, 3));
  const std::vector<pid_t> workers = children_of(service.pid());
  std::set<std::string> pids;
  CHECK(wait_until([&] {
    // At the same time, so that one alone cannot answer them all.
    std::vector<FastcgiClient> clients;
    for (int i = 0; i < 6; ++i) {
      clients.emplace_back(service.endpoint());
      clients.back().send(fastcgi_request(get("/nap/pid"), ""));
    }
    for (FastcgiClient& client : clients) {
      const std::string output = client.receive().output;
      pids.insert(output.substr(output.find("\r\n\r\n") + 4));
    }
    return pids.size() == 3;
  }));
  for (const pid_t worker : workers) {
    CHECK(pids.count(std::to_string(worker)) == 1);
  }
  service.signal(SIGTERM);
  CHECK(service.wait() == 0);
  for (const pid_t worker : workers) CHECK(!is_alive(worker));
  CHECK(!std::filesystem::exists(directory / "s"));
}

TEST_CASE("a worker that dies is replaced within a second", "[processes]") {
  const auto [signal, name] = GENERATE(
      table<int, std::string>({{SIGKILL, "SIGKILL \\(Killed\\)"},
                               {SIGSEGV, "SIGSEGV \\(Segmentation fault\\)"}}));
  const bool preload = GENERATE(false, true);
  CAPTURE(signal, preload);
  const TemporaryDirectory directory;
  Gate gate(directory / "gate");
  Words words{
      application("obedient"),   "--processes", "1", "--threads", "2", "--env",
      "test.gate=" + gate.path()};
  if (preload) words.push_back("--preload");
  Service service(words, "unix:" + directory / "s");
  const std::string old = body_of(service.endpoint(), "/pid");
  FastcgiClient client(service.endpoint());
  client.send(fastcgi_request(get("/gate"), ""));
  gate.await_reader();
  const std::size_t lines = lines_of(service.log());
  const auto start = Clock::now();
  ::kill(number(old), signal);
  CHECK(number(next_worker(service, old)) > 0);
  CHECK(Clock::now() - start < 1s);
  CHECK(!client.receive().complete);
  CAPTURE(service.log());
  CHECK(std::regex_search(
      service.log(),
      std::regex("\ndecant: fcgi: worker " + old + " was killed by " + name +
                 " after \\d+\\.\\d s, with at most \\d+ MiB; it was serving "
                 // Another one may have been answered this very moment.
                 "(GET /pid for 0\\.0 s, )?GET /gate for \\d+\\.\\d s\n")));
  CHECK(lines_of(service.log()) == lines + 1);
}

TEST_CASE("a worker that is idle and dies says that too", "[processes]") {
  const TemporaryDirectory directory;
  Service service({application("obedient"), "--processes", "2"},
                  "unix:" + directory / "s");
  ::kill(children_of(service.pid()).front(), SIGKILL);
  CHECK(says(service, "; no request was in flight\n"));
  CHECK(wait_until([&] {
    return ask(service.endpoint(), "/pid").complete &&
           children_of(service.pid()).size() == 2;
  }));
}

TEST_CASE("a worker that an application ends is replaced", "[processes]") {
  const TemporaryDirectory directory;
  Service service({application("obedient"), "--processes", "1"},
                  "unix:" + directory / "s");
  const std::string old = body_of(service.endpoint(), "/pid");
  CHECK(!ask(service.endpoint(), "/exit").complete);
  CHECK(number(next_worker(service, old)) > 0);
  CHECK_THAT(service.log(), Contains("worker " + old + " ended by itself"));
}

TEST_CASE("a request that always kills its worker kills no other",
          "[processes]") {
  const TemporaryDirectory directory;
  Service service(
      {application("obedient"), "--processes", "2", "--threads", "1"},
      "unix:" + directory / "s");
  const auto start = Clock::now();
  constexpr std::size_t times = 6;
  for (std::size_t i = 0; i < times; ++i) {
    CHECK(!ask(service.endpoint(), "/crash").complete);
    CHECK(body_of(service.endpoint()) == "ok");
  }
  // They are not replaced as fast as they die, but they are.
  CHECK(says(service, "was killed by SIGSEGV", times));
  CHECK(count(service.log(), "it was serving GET /crash") == times);
  CHECK(comes_to(service, 2));
  CHECK(Clock::now() - start < 10s);
}

TEST_CASE("TTIN is one worker more, TTOU one less", "[processes]") {
  const bool preload = GENERATE(false, true);
  const TemporaryDirectory directory;
  Words words{application("obedient"), "--processes", "1"};
  if (preload) words.push_back("--preload");
  const std::size_t others = preload ? 1 : 0;  // what the workers come from
  Service service(words, "unix:" + directory / "s");
  Load load({.endpoint = service.endpoint(), .connections = 2});
  for (const std::size_t more : {2U, 3U}) {
    service.signal(SIGTTIN);
    REQUIRE(comes_to(service, more + others));
  }
  REQUIRE(load.await(100));
  for (const std::size_t fewer : {2U, 1U}) {
    service.signal(SIGTTOU);
    REQUIRE(comes_to(service, fewer + others));
  }
  service.signal(SIGTTOU);  // the last one stays
  REQUIRE(load.await(100));
  CHECK_THAT(load.stop(), Equals(""));
  CHECK(comes_to(service, 1 + others));
}

TEST_CASE("TERM and INT let requests in flight finish", "[processes]") {
  const int signal = GENERATE(SIGTERM, SIGINT);
  const TemporaryDirectory directory;
  Gate gate(directory / "gate");
  Service service({application("obedient"), "--processes", "2", "--env",
                   "test.gate=" + gate.path()},
                  "unix:" + directory / "s");
  FastcgiClient client(service.endpoint());
  client.send(fastcgi_request(get("/gate"), ""));
  gate.await_reader();
  service.signal(signal);
  REQUIRE(says(service, "fcgi: stopping\n"));
  gate.open();
  const FastcgiResponse response = client.receive();
  CHECK(response.complete);
  CHECK_THAT(response.output, Contains("ok"));
  CHECK(service.wait() == 0);
  CHECK_THAT(service.log(), Contains("fcgi: stopped\n"));
  CHECK(!std::filesystem::exists(directory / "s"));
}

TEST_CASE("a second TERM and a QUIT stop at once", "[processes]") {
  const bool by_quit = GENERATE(false, true);
  const TemporaryDirectory directory;
  Gate gate(directory / "gate");
  Service service({application("obedient"), "--processes", "2", "--env",
                   "test.gate=" + gate.path()},
                  "unix:" + directory / "s");
  const std::vector<pid_t> workers = children_of(service.pid());
  FastcgiClient client(service.endpoint());
  client.send(fastcgi_request(get("/gate"), ""));
  gate.await_reader();
  const auto start = Clock::now();
  if (by_quit) {
    service.signal(SIGQUIT);
  } else {
    service.signal(SIGTERM);
    REQUIRE(says(service, "fcgi: stopping\n"));
    service.signal(SIGTERM);
  }
  CHECK(service.wait() == 0);
  CHECK(Clock::now() - start < 1s);
  CHECK(!client.receive().complete);
  for (const pid_t worker : workers) CHECK(!is_alive(worker));
  CHECK(!std::filesystem::exists(directory / "s"));
  CHECK_THAT(service.log(), !Contains("was killed"));
}

TEST_CASE("a request that takes longer than the grace is cut", "[processes]") {
  const TemporaryDirectory directory;
  Service service({application("obedient"), "--processes", "1", "--grace", "0"},
                  "unix:" + directory / "s");
  FastcgiClient client(service.endpoint());
  client.send(fastcgi_request(get("/half"), ""));
  REQUIRE(client.read_until("first"));
  const auto start = Clock::now();
  service.signal(SIGTERM);
  CHECK(service.wait() == 0);
  CHECK(Clock::now() - start < 2s);
  CHECK(!client.receive().complete);
}

TEST_CASE("an application that dies at its start is not started for ever",
          "[processes]") {
  const std::string how = GENERATE("EXIT", "CRASH");
  const bool preload = GENERATE(false, true);
  CAPTURE(how, preload);
  const TemporaryDirectory directory;
  Words words{decant_command(),
              "fcgi",
              application("obedient"),
              "--processes",
              "4",
              "--env",
              "TEST_" + how + "_AT_LOAD=1",
              "--listen",
              "unix:" + directory / "s"};
  if (preload) words.push_back("--preload");
  const auto start = Clock::now();
  const Ran ran = run_clean(words);
  CHECK(Clock::now() - start < 10s);
  CHECK(ran.status == 3);
  CHECK(count(ran.err, "before it could serve\n") == 5);
  CHECK_THAT(ran.err,
             Contains(how == "EXIT" ? "exited with status 7 before it could"
                                    : "was killed by SIGSEGV (Segmentation"));
  CHECK_THAT(ran.err,
             Contains("decant: fcgi: the application could not be started 5 "
                      "times in a row; the service stops"));
  CHECK(lines_of(ran.err) == 6);
  CHECK(!std::filesystem::exists(directory / "s"));
}

TEST_CASE("an application that cannot be loaded is one line", "[processes]") {
  const std::string processes = GENERATE("0", "1", "3");
  const bool preload = GENERATE(false, true);
  if (preload && processes == "0") return;
  CAPTURE(processes, preload);
  const TemporaryDirectory directory;
  Words words{decant_command(),
              "fcgi",
              application("no_such_symbol"),
              "--processes",
              processes,
              "--listen",
              "unix:" + directory / "s"};
  if (preload) words.push_back("--preload");
  const Ran ran = run_clean(words);
  CHECK(ran.status == 3);
  CHECK(lines_of(ran.err) == 1);
  CHECK_THAT(ran.err, StartsWith("decant: ") && Contains("no_such_symbol"));
  CHECK(!std::filesystem::exists(directory / "s"));
}

TEST_CASE("workers without their supervisor end by themselves", "[processes]") {
  const std::string threads = GENERATE("1", "3");
  const bool preload = GENERATE(false, true);
  CAPTURE(threads, preload);
  const TemporaryDirectory directory;
  const std::string endpoint = "unix:" + directory / "s";
  Gate gate(directory / "gate");
  Words words{application("obedient"),
              "--processes",
              "2",
              "--threads",
              threads,
              "--env",
              "test.gate=" + gate.path()};
  if (preload) words.push_back("--preload");
  Service service(words, endpoint);
  REQUIRE(comes_to(service, preload ? 3 : 2));
  const std::vector<pid_t> processes = children_of(service.pid());
  FastcgiClient client(endpoint);
  client.send(fastcgi_request(get("/gate"), ""));
  gate.await_reader();
  service.signal(SIGKILL);
  service.wait();
  // What is in flight is answered first.
  gate.open();
  CHECK(client.receive().complete);
  for (const pid_t process : processes) {
    CHECK(wait_until([&] { return !is_alive(process); }));
  }
  Service next({application("obedient"), "--processes", "1"}, endpoint);
  CHECK(body_of(endpoint) == "ok");
}

TEST_CASE("Python workers are replaced too", "[processes]") {
  if (no_python()) return;
  const bool preload = GENERATE(false, true);
  const TemporaryDirectory directory;
  Words words{write_python(directory), "--processes", "2", "--threads", "2"};
  if (preload) words.push_back("--preload");
  Service service(words, "unix:" + directory / "s");
  const std::string old = body_of(service.endpoint(), "/pid");
  ::kill(number(old), SIGKILL);
  CHECK(says(service, "worker " + old + " was killed by SIGKILL"));
  CHECK(comes_to(service, preload ? 3 : 2));
  for (int i = 0; i < 20; ++i) CHECK(body_of(service.endpoint()) == "ok");
  service.signal(SIGTERM);
  CHECK(service.wait() == 0);
}

TEST_CASE("a worker that cannot load does not end a service that serves",
          "[processes]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  // The second process that loads it finds its database away.
  const std::string app = directory.write("app.py", R"(
import os


def turn():
    number = 1
    while True:
        try:
            os.mkdir(os.path.join(os.path.dirname(__file__), str(number)))
            return number
        except FileExistsError:
            number += 1


if turn() == 2:
    raise OSError("the database is away")


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"served"]
)");
  Service service({app, "--processes", "2"}, "unix:" + directory / "s");
  CHECK_THAT(service.log(),
             Contains("the database is away") && Contains("listening on"));
  REQUIRE(comes_to(service, 2));
  CHECK(body_of(service.endpoint()) == "served");
  service.signal(SIGTERM);
  CHECK(service.wait() == 0);
}

TEST_CASE("files that --user may not remove are spoken of", "[processes]") {
  if (::geteuid() != 0) return;  // it is root that has another user to become
  const TemporaryDirectory directory;
  let_all_enter(directory);
  Service service({plugin("hello"), "--user", "nobody", "--pid-file",
                   directory / "pid", "--access-log", directory / "access"},
                  "unix:" + directory / "s");
  CHECK_THAT(service.log(), Contains("will be left behind") &&
                                Contains("/s\"") && Contains("/pid\"") &&
                                Contains("RuntimeDirectory=") &&
                                Contains("cannot be opened anew at USR1"));
  service.signal(SIGTERM);
  CHECK(service.wait() == 0);
  // Its number may be given to another process.
  CHECK(read_file(directory / "pid").empty());
}

TEST_CASE("process 1 reaps the orphans that fall to it", "[processes]") {
  if (no_python()) return;
  const Ran may = run({.words = {"/usr/bin/unshare", "-pf", "/bin/true"}});
  if (may.status != 0) return;  // only who may make a container
  const TemporaryDirectory directory;
  const std::string app = directory.write("app.py", R"(
import subprocess


def application(environ, start_response):
    zombies = subprocess.run(["sh", "-c", "(exit 0) & ps --ppid 1 -o stat="],
                             capture_output=True, text=True).stdout.count("Z")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(zombies).encode()]
)");
  const std::string threads = GENERATE("1", "2");
  Service service(Command{
      .words = {"/usr/bin/unshare", "-pf", "--kill-child=TERM", "--mount-proc",
                decant_command(), "fcgi", app, "--processes", "0", "--threads",
                threads, "--listen", "unix:" + directory / "s"}});
  for (int i = 0; i < 3; ++i) ask(service.endpoint());
  CHECK(wait_until([&] { return body_of(service.endpoint()) == "0"; }));
  // TERM is passed on, and its end is the end.
  const pid_t one = children_of(service.pid()).at(0);
  ::kill(one, SIGTERM);
  CHECK(service.wait() == 0);
  CHECK(!std::filesystem::exists(directory / "s"));
}

TEST_CASE("a process that comes back from its request ends", "[processes]") {
  const std::string threads = GENERATE("1", "4");
  const std::string processes = GENERATE("0", "1");
  CAPTURE(threads, processes);
  const TemporaryDirectory directory;
  Service service(
      {application("obedient"), "--processes", processes, "--threads", threads},
      "unix:" + directory / "s");
  for (int i = 0; i < 2; ++i)
    CHECK(body_of(service.endpoint(), "/fork") == "ok");
  CHECK(count(service.log(), "came back from its request") == 2);
  service.signal(SIGTERM);
  CHECK(service.wait() == 0);
}
