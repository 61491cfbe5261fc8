// SPDX-License-Identifier: MIT
// Warm CGI: how a worker comes and goes, and what it may die of.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <set>
#include <thread>

#include "integration/warm_fixtures.hpp"
#include "support/catch.hpp"

using namespace decant::test;
using Catch::Matchers::Contains;

namespace fs = std::filesystem;

namespace {

/// Seconds are what a web server's time-out is made of; this is none.
constexpr Milliseconds soon{3000};

bool is_answered(const WarmAnswer& answer) {
  return answer.status == 0 && answer.body == "first";
}

/// Puts another version in the place of the application's file.
void replace(const WarmSite& site, const std::string& version) {
  std::string text = read_file(site.app());
  const std::size_t at = text.find("VERSION = \"") + 11;
  text.replace(at, text.find('"', at) - at, version);
  fs::rename(site.directory().write("app.new", text), site.app());
}

}  // namespace

TEST_CASE("a hundred first requests start one worker", "[warm]") {
  if (no_python()) return;
  const WarmSite site;
  std::vector<std::unique_ptr<Process>> requests;
  for (int i = 0; i < 100; ++i) {
    requests.push_back(std::make_unique<Process>(site.request()));
  }
  std::set<std::string> by;
  for (const auto& request : requests) {
    CHECK(request->wait() == 0);
    CHECK_THAT(request->out(), Contains("\r\n\r\nfirst"));
  }
  const pid_t worker = site.warm_up();
  CHECK(wait_until([&] { return site.processes() == std::vector{worker}; }));
  CHECK(site.files_in_place().size() == 2);
  CHECK(site.ends());
}

TEST_CASE("no request fails while the application is replaced", "[warm]") {
  if (no_python()) return;
  const WarmSite site;
  site.warm_up();
  std::atomic<int> version{0};
  std::jthread replacing([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      // Python takes the bytecode of a file for that of another with the same
      // size that is of the same second.
      const int next = version + 1;
      replace(site, 'v' + std::to_string(next) +
                        std::string(static_cast<std::size_t>(next % 41), '.'));
      ++version;
      std::this_thread::sleep_for(Milliseconds(100));
    }
  });
  int served = 0;
  int warm = 0;
  const Deadline deadline(Milliseconds(4000));
  while (served < 600 && !deadline.passed()) {
    const int before = version;
    const WarmAnswer answer = site.ask();
    const int after = version + 1;
    ++served;
    if (answer.is_warm()) ++warm;
    INFO(answer.head << answer.err << before << ' ' << after << ' '
                     << answer.body);
    REQUIRE(answer.status == 0);
    REQUIRE((answer.body == "first" || answer.body.starts_with("v")));
    // A file is looked at each 100 ms, and was loaded a moment before.
    if (answer.is_cold() && answer.body != "first") {
      const int number = std::stoi(answer.body.substr(1));
      REQUIRE((number >= before && number <= after));
    }
  }
  WARN(served << " requests, " << warm << " of them warm, " << version
              << " versions");
  replacing.request_stop();
  replacing.join();
  CHECK(served >= 5);
  // The last version is served in the end, and by one worker.
  const std::string last = "v" + std::to_string(version) + '.';
  CHECK(wait_until([&] {
    const WarmAnswer answer = site.ask();
    return answer.is_warm() && (answer.body + '.').starts_with(last);
  }));
  CHECK(wait_until([&] { return site.processes().size() == 1; }));
  CHECK(site.files_in_place().size() == 2);
  CHECK(site.ends());
}

TEST_CASE("a request beside one that takes its time is served cold, to its end",
          "[warm]") {
  if (no_python()) return;
  const WarmSite site;
  const pid_t worker = site.warm_up();
  Gate gate(site.directory() / "gate");
  Process slow(site.request("/gated", {{"test.gate", gate.path()}}));
  gate.await_reader();
  WatchedRequest beside(site.request());
  CHECK(beside.process().wait(soon) == 0);
  CHECK_THAT(beside.out() + (beside.ends(soon) ? beside.out() : ""),
             Contains("first"));
  CHECK(beside.ends(soon));
  CHECK_THAT(beside.out(),
             Contains("X-Process: " + std::to_string(beside.process().pid())));
  gate.open();
  CHECK(slow.wait() == 0);
  CHECK_THAT(slow.out(), Contains("through"));
  CHECK(site.ask().by == worker);
  CHECK(site.ends());
}

TEST_CASE("an application that is switched by a link is loaded anew",
          "[warm]") {
  if (no_python()) return;
  const WarmSite site;
  const std::string link = site.directory() / "current";
  for (const std::string release : {"one", "two"}) {
    fs::create_directory(site.directory() / release);
    std::string text = read_file(site.app());
    text.replace(text.find("first"), 5, release);
    site.directory().write(release + "/app.py", text);
  }
  fs::create_directory_symlink("one", link);
  Command command = site.request();
  *std::find(command.words.begin(), command.words.end(), site.app()) =
      link + "/app.py";
  const auto comes_to = [&](const std::string& release) {
    return wait_until([&] {
      const WarmAnswer answer = WarmSite::ask(command);
      CHECK(answer.status == 0);
      return answer.is_warm() && answer.body == release;
    });
  };
  CHECK(comes_to("one"));
  fs::create_directory_symlink("two", link + ".new");
  fs::rename(link + ".new", link);
  CHECK(comes_to("two"));
  CHECK(site.ends());
}

TEST_CASE("an application that has been removed is served no longer",
          "[warm]") {
  if (no_python()) return;
  const WarmSite site;
  const pid_t worker = site.warm_up();
  fs::rename(site.app(), site.app() + ".away");
  CHECK(wait_until([&] { return site.ask().by != worker; }));
  const WarmAnswer answer = site.ask();
  CHECK(answer.status == 3);
  CHECK_THAT(answer.head, Contains("Status: 500 "));
  // As an editor does it.
  fs::rename(site.app() + ".away", site.app());
  CHECK(wait_until([&] { return site.ask().by == worker; }));
  CHECK(site.ends());
}

TEST_CASE("nothing is left so long after the last request", "[warm]") {
  if (no_python()) return;
  const bool by_variable = GENERATE(false, true);
  const WarmSite site(by_variable ? Words{} : Words{"--warm=1"});
  const Pairs variables = by_variable ? Pairs{{"DECANT_WARM", "1"}} : Pairs{};
  site.warm_up(variables);
  CHECK(site.files_in_place().size() == 2);
  CHECK(site.is_left_clean());
  CHECK(is_answered(site.ask("/", variables)));
  CHECK(site.is_left_clean());
}

TEST_CASE("DECANT_WARM=0 is no wish for a worker, --warm stands above it",
          "[warm]") {
  if (no_python()) return;
  const WarmSite without(Words{});
  CHECK(without.ask("/", {{"DECANT_WARM", "0"}}).is_cold());
  CHECK(without.ask("/", {{"DECANT_WARM", "0"}}).is_cold());
  CHECK(without.ask().is_cold());
  CHECK(without.processes().empty());
  CHECK_FALSE(fs::exists(without.place()));
  const WarmSite with(Words{"--warm"});
  with.warm_up({{"DECANT_WARM", "0"}});
  CHECK(with.ends());
}

TEST_CASE("a worker ends after --max-requests", "[warm]") {
  if (no_python()) return;
  const WarmSite site({"--warm", "--max-requests", "3"});
  std::set<pid_t> workers;
  const pid_t first = site.warm_up();
  int by_first = 1;
  CHECK(wait_until([&] {
    const WarmAnswer answer = site.ask();
    CHECK(is_answered(answer));
    if (answer.by == first) ++by_first;
    return answer.is_warm() && answer.by != first;
  }));
  CHECK(by_first == 3);
  CHECK(site.ends());
}

TEST_CASE("TERM lets a worker finish what it serves", "[warm]") {
  if (no_python()) return;
  const WarmSite site;
  const pid_t worker = site.warm_up();
  Gate gate(site.directory() / "gate");
  Process slow(site.request("/gated", {{"test.gate", gate.path()}}));
  gate.await_reader();
  ::kill(worker, SIGTERM);
  CHECK(is_answered(site.ask()));
  gate.open();
  CHECK(slow.wait() == 0);
  CHECK_THAT(slow.out(), Contains("through"));
  CHECK_THAT(slow.out(), Contains("X-Process: " + std::to_string(worker)));
  CHECK(site.is_left_clean());
}

TEST_CASE("its owner sees a worker, and ends it", "[warm]") {
  if (no_python()) return;
  const WarmSite site;
  const Ran none = site.command("--warm-status");
  CHECK(none.status == 1);
  CHECK(none.out == "no warm worker of this user serves it\n");
  const pid_t worker = site.warm_up();
  const bool busy = GENERATE(false, true);
  CAPTURE(busy);
  std::unique_ptr<Process> slow;
  Gate gate(site.directory() / "gate");
  if (busy) {
    slow = std::make_unique<Process>(
        site.request("/gated", {{"test.gate", gate.path()}}));
    gate.await_reader();
  }
  const Ran status = site.command("--warm-status");
  CHECK(status.status == 0);
  CHECK_THAT(status.out, Contains("process " + std::to_string(worker) + ", "));
  CHECK_THAT(status.out, Contains(site.app()));
  const Ran stop = site.command("--warm-stop");
  CHECK(stop.status == 0);
  CHECK_THAT(stop.out, Contains("process " + std::to_string(worker) + ", "));
  if (busy) {
    gate.open();
    CHECK(slow->wait() == 0);
    CHECK_THAT(slow->out(), Contains("through"));
  }
  CHECK(site.is_left_clean());
  CHECK(site.command("--warm-stop").status == 1);
}
