// SPDX-License-Identifier: MIT
// Warm CGI: a worker or a caller that dies, stands still or never ends.
#include <signal.h>

#include <algorithm>
#include <thread>

#include "integration/warm_fixtures.hpp"
#include "support/catch.hpp"

using namespace decant::test;
using Catch::Matchers::Contains;

namespace {

/// Seconds are what a web server's time-out is made of; this is none.
constexpr Milliseconds soon{3000};

bool is_answered(const WarmAnswer& answer) {
  return answer.status == 0 && answer.body == "first";
}

}  // namespace

TEST_CASE("a worker that stands still costs a moment", "[warm-death]") {
  if (no_python()) return;
  const TemporaryDirectory tree;
  const bool by_front = GENERATE(false, true);
  const WarmSite site({"--warm"},
                      by_front ? install_front(tree) : decant_command());
  const pid_t worker = site.warm_up();
  ::kill(worker, SIGSTOP);
  for (int i = 0; i < 3; ++i) {
    WatchedRequest request(site.request());
    CHECK(request.process().wait(soon) == 0);
    // Nobody holds a descriptor of the web server for it.
    CHECK(request.ends(soon));
    CHECK_THAT(request.out(), Contains("first"));
    CHECK_THAT(
        request.out(),
        Contains("X-Process: " + std::to_string(request.process().pid())));
  }
  ::kill(worker, SIGCONT);
  CHECK(wait_until([&] { return site.ask().by == worker; }));
  // It has served nothing of what was withdrawn meanwhile.
  CHECK(site.ends());
}

TEST_CASE("a worker that dies between requests is replaced", "[warm-death]") {
  if (no_python()) return;
  const WarmSite site;
  const pid_t worker = site.warm_up();
  const int number = GENERATE(SIGKILL, SIGSEGV, SIGTERM, SIGQUIT, SIGABRT);
  CAPTURE(number);
  ::kill(worker, number);
  CHECK(is_answered(site.ask()));
  pid_t next = -1;
  CHECK(wait_until([&] {
    const WarmAnswer answer = site.ask();
    CHECK(is_answered(answer));
    next = answer.by;
    return answer.is_warm() && answer.by != worker;
  }));
  CHECK(site.processes() == std::vector{next});
  CHECK(site.files_in_place().size() == 2);
  CHECK(site.ends());
}

TEST_CASE("a worker that dies of a request fails that one alone",
          "[warm-death]") {
  if (no_python()) return;
  const WarmSite site;
  const pid_t worker = site.warm_up();
  const std::string number = GENERATE("SIGKILL", "SIGSEGV");
  CAPTURE(number);
  WatchedRequest request(site.request("/die?" + number));
  CHECK(request.process().wait(soon) == 1);
  CHECK(request.ends(soon));
  CHECK(request.out().empty());
  // Beside what Python says of it.
  const std::string& errors = request.process().err();
  CHECK(
      errors.ends_with("decant: cgi: the warm worker died while it served\n"));
  CHECK(count(errors, "decant: ") == 1);
  pid_t next = -1;
  CHECK(wait_until([&] {
    const WarmAnswer answer = site.ask();
    CHECK(is_answered(answer));
    next = answer.by;
    return answer.is_warm();
  }));
  CHECK(next != worker);
  CHECK(site.ends());
}

TEST_CASE("a caller that is killed leaves nothing behind", "[warm-death]") {
  if (no_python()) return;
  const WarmSite site;
  const pid_t worker = site.warm_up();
  CHECK(site.ask().by == worker);
  const std::size_t open = open_between_requests(worker);
  // At whatever step it is by then, from before it has connected to after it
  // has been served.
  for (int microseconds = 0; microseconds < 6000; microseconds += 150) {
    WatchedRequest request(site.request());
    std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
    request.process().signal(SIGKILL);
    CHECK(request.ends(soon));
  }
  CHECK(wait_until([&] { return site.ask().by == worker; }));
  CHECK(wait_until([&] { return open_descriptors(worker) == open; }));
  CHECK(wait_until([&] { return site.processes() == std::vector{worker}; }));
  CHECK(site.ends());
}

TEST_CASE("a caller that is killed while it waits for a busy worker",
          "[warm-death]") {
  if (no_python()) return;
  const WarmSite site;
  const pid_t worker = site.warm_up();
  const std::string note = site.directory() / "note";
  ::kill(worker, SIGSTOP);
  Process request(site.request("/endless", {{"test.note", note}}));
  CHECK(wait_until([&] { return open_descriptors(request.pid()) > 3; }));
  request.signal(SIGKILL);
  CHECK(request.wait() == 128 + SIGKILL);
  ::kill(worker, SIGCONT);
  CHECK(wait_until([&] { return site.ask().by == worker; }));
  // The application has not been called for nobody.
  CHECK(read_file(note).empty());
  CHECK(site.ends());
}

TEST_CASE(
    "a worker that dies at any step of a hand-over loses at most what it "
    "serves",
    "[warm-death]") {
  if (no_python()) return;
  const WarmSite site;
  const int number = GENERATE(SIGKILL, SIGSEGV, SIGSTOP);
  CAPTURE(number);
  pid_t worker = site.warm_up();
  for (int microseconds = 0; microseconds < 3000; microseconds += 300) {
    CAPTURE(microseconds);
    WatchedRequest request(site.request());
    std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
    ::kill(worker, number);
    if (number == SIGSTOP && !request.process().wait(Milliseconds(500))) {
      // It has been taken: as a program that stands still.
      ::kill(worker, SIGCONT);
    }
    const int status = request.process().wait(soon).value_or(-1);
    CHECK(request.ends(soon));
    ::kill(worker, SIGCONT);
    if (status == 1 && number != SIGSTOP) {
      CHECK(count(request.process().err(),
                  "decant: cgi: the warm worker died while it served\n") == 1);
    } else {
      CHECK(status == 0);
      CHECK_THAT(request.out(), Contains("first"));
    }
    worker = site.warm_up();
  }
  CHECK(site.processes() == std::vector{worker});
  CHECK(site.ends());
}

TEST_CASE("a request that nobody waits for any more ends with its worker",
          "[warm-death]") {
  if (no_python()) return;
  const WarmSite site;
  const pid_t worker = site.warm_up();
  Gate gate(site.directory() / "gate");
  WatchedRequest request(site.request("/spin", {{"test.gate", gate.path()}}));
  gate.open();
  request.process().signal(SIGKILL);
  CHECK(request.ends());
  CHECK(wait_until([&] { return site.processes().empty(); }));
  CHECK(site.warm_up() != worker);
  CHECK(site.ends());
}

TEST_CASE("an application may have its own alarm", "[warm-death]") {
  if (no_python()) return;
  const WarmSite site;
  const pid_t worker = site.warm_up();
  const WarmAnswer answer = site.ask("/alarm");
  CHECK(answer.by == worker);
  CHECK(answer.body == "7");
  CHECK(site.ask().by == worker);
  CHECK(site.ends());
}

TEST_CASE("a limit of processor time is for one request", "[warm-death]") {
  if (no_python()) return;
  const WarmSite site;
  const std::string which = GENERATE("-St 1", "-t 1");
  CAPTURE(which);
  Command command = site.request("/burn");
  command.words.insert(
      command.words.begin(),
      {"/bin/sh", "-c", "ulimit " + which + " && exec \"$@\"", "sh"});
  int warm = 0;
  for (int i = 0; i < 6; ++i) {
    const WarmAnswer answer = WarmSite::ask(command);
    CHECK(answer.status == 0);
    CHECK(answer.body == "burnt");
    if (answer.is_warm()) ++warm;
  }
  if (which == "-St 1") CHECK(warm >= 4);
  CHECK(site.ends());
}

TEST_CASE("what an application has forked keeps no place taken",
          "[warm-death]") {
  if (no_python()) return;
  const WarmSite site;
  const pid_t worker = site.warm_up();
  Gate gate(site.directory() / "gate");
  const WarmAnswer answer = site.ask("/fork", {{"test.gate", gate.path()}});
  CHECK(answer.body == "forked");
  gate.await_reader();
  ::kill(worker, SIGKILL);
  CHECK(wait_until([&] {
    const WarmAnswer next = site.ask();
    CHECK(next.body == "first");
    return next.is_warm();
  }));
  gate.open();
  CHECK(wait_until([&] { return site.processes().size() == 1; }));
  CHECK(site.ends());
}
