// SPDX-License-Identifier: MIT
// A service as a guest of systemd, of a web server, of a machine.
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "decant/service/listen/listener.hpp"
#include "integration/service_fixtures.hpp"
#include "support/catch.hpp"
#include "support/load.hpp"
#include "support/notify_socket.hpp"

using namespace decant::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;

bool is_root() {
  return ::geteuid() == 0;
}

/// The next message that is not "I am alive".
std::string receive_news(const NotifySocket& socket) {
  for (;;) {
    std::string text = socket.receive();
    if (text != "WATCHDOG=1") return text;
  }
}

}  // namespace

TEST_CASE("a pid file names the service while it runs", "[guest]") {
  const std::string processes = GENERATE("0", "2");
  const TemporaryDirectory directory;
  const std::string file = directory / "pid";
  const Words words{application("obedient"), "--processes", processes,
                    "--pid-file", file};
  Service service(words, "unix:" + directory / "s");
  CHECK(read_file(file) == std::to_string(service.pid()) + "\n");
  const Ran second =
      run_clean({decant_command(), "fcgi", words[0], "--pid-file", file,
                 "--listen", "unix:" + directory / "other"});
  CHECK(second.status == 1);
  CHECK_THAT(second.err, StartsWith("decant: --pid-file: ") &&
                             Contains("running service, process " +
                                      std::to_string(service.pid())));
  CHECK(count(second.err, "\n") == 1);
  CHECK(!fs::exists(directory / "other"));
  CHECK(body_of(service.endpoint()) == "ok");
  service.signal(SIGTERM);
  CHECK(service.wait() == 0);
  CHECK(!fs::exists(file));
}

TEST_CASE("the pid file of a service that was killed is taken over",
          "[guest]") {
  const TemporaryDirectory directory;
  const Words words{application("obedient"), "--pid-file", directory / "pid"};
  {
    Service killed(words, "unix:" + directory / "s");
    killed.signal(SIGKILL);
    killed.wait();
  }
  REQUIRE(fs::exists(directory / "pid"));
  Service service(words, "unix:" + directory / "s");
  CHECK(read_file(directory / "pid") == std::to_string(service.pid()) + "\n");
}

TEST_CASE("a service without requests ends where it is to", "[guest]") {
  const std::string processes = GENERATE("0", "1");
  CAPTURE(processes);
  const TemporaryDirectory directory;
  Gate gate(directory / "gate");
  Service service({application("obedient"), "--processes", processes,
                   "--idle-exit", "1", "--env", "test.gate=" + gate.path()},
                  "unix:" + directory / "s");
  FastcgiClient client(service.endpoint());
  client.send(fastcgi_request(get("/gate"), ""));
  gate.await_reader();
  // One that is in flight is a reason to stay.
  CHECK(!wait_until([&] { return !accepts(service.endpoint()); }, 1500ms));
  const auto start = Clock::now();
  gate.open();
  CHECK(client.receive().complete);
  CHECK(service.wait() == 0);
  CHECK(Clock::now() - start >= 900ms);
  CHECK(Clock::now() - start < 4s);
  CHECK(!fs::exists(directory / "s"));
}

TEST_CASE("one process with one thread is all that there is", "[guest]") {
  const TemporaryDirectory directory;
  Service service(
      {application("obedient"), "--processes", "0", "--threads", "1"},
      "unix:" + directory / "s");
  CHECK(body_of(service.endpoint(), "/pid") == std::to_string(service.pid()));
  CHECK(thread_count(service.pid()) == 1);
  CHECK(children_of(service.pid()).empty());
  service.signal(SIGTERM);
  CHECK(service.wait() == 0);
}

TEST_CASE("a process of its own ends after its last request", "[guest]") {
  const std::string threads = GENERATE("1", "3");
  const TemporaryDirectory directory;
  Service service({application("obedient"), "--processes", "0", "--threads",
                   threads, "--max-requests", "3"},
                  "unix:" + directory / "s");
  for (int i = 0; i < 3; ++i) CHECK(body_of(service.endpoint()) == "ok");
  CHECK(service.wait() == 0);
}

TEST_CASE("what only a supervisor can do is refused without one", "[guest]") {
  const TemporaryDirectory directory;
  for (const char* const option : {"--preload", "--reload"}) {
    const Ran ran = run_clean({decant_command(), "fcgi",
                               application("obedient"), "--processes", "0",
                               option, "--listen", "unix:" + directory / "s"});
    CHECK(ran.status == 2);
    CHECK_THAT(ran.err, Contains(std::string(option) +
                                 ": needs a supervisor; give --processes 1"));
    CHECK(!fs::exists(directory / "s"));
  }
  Service service({application("obedient"), "--processes", "0"},
                  "unix:" + directory / "s");
  service.signal(SIGHUP);
  CHECK(says(service,
             "HUP: a service without processes of its own cannot "
             "reload"));
  CHECK(body_of(service.endpoint()) == "ok");
}

TEST_CASE("systemd hears from a service that it has started", "[guest]") {
  const std::string processes = GENERATE("0", "2");
  CAPTURE(processes);
  const TemporaryDirectory directory;
  const NotifySocket systemd;
  const decant::service::Listener socket = decant::service::open(
      decant::service::Endpoint::parse("unix:" + directory / "s"), {});
  Service service(Command{
      .words = {"/bin/sh", "-c", "LISTEN_PID=$$ WATCHDOG_PID=$$ exec \"$@\"",
                "sh", decant_command(), "fcgi",
                application("process_environment"), "--processes", processes},
      .environment = {{"LISTEN_FDS", "1"},
                      {"NOTIFY_SOCKET", systemd.name()},
                      {"WATCHDOG_USEC", "2000000"}},
      .descriptors = {{3, socket.fd()}}});
  CHECK(receive_news(systemd) == "READY=1");
  const std::string variables = body_of("unix:" + directory / "s");
  CHECK_THAT(variables, Contains("PATH=") && !Contains("NOTIFY_SOCKET") &&
                            !Contains("WATCHDOG") && !Contains("LISTEN_"));
  // More than once: it is alive still.
  for (int i = 0; i < 2; ++i) {
    CHECK(systemd.receive(5000ms) == "WATCHDOG=1");
  }
  if (processes != "0") {
    service.signal(SIGHUP);
    CHECK_THAT(receive_news(systemd), StartsWith("RELOADING=1\n"));
    CHECK(receive_news(systemd) == "READY=1");
  }
  service.signal(SIGTERM);
  CHECK(receive_news(systemd) == "STOPPING=1");
  CHECK(service.wait() == 0);
  CHECK(fs::exists(directory / "s"));  // systemd's
}

TEST_CASE("root starts a service, somebody else serves", "[guest]") {
  if (!is_root()) return;
  const std::string processes = GENERATE("0", "2");
  const TemporaryDirectory directory;
  let_all_enter(directory);
  // What the service may write to is its own directory alone.
  const std::string folder = directory / "run";
  fs::create_directory(folder);
  fs::copy_file(copy_programs(directory) + "/applications.so",
                folder + "/applications.so");
  Service service({"native:" + folder + "/applications.so:obedient",
                   "--processes", processes, "--user", "nobody", "--group",
                   "daemon", "--log-level", "info"},
                  "unix:" + folder + "/s");
  std::vector<pid_t> all = children_of(service.pid());
  all.push_back(service.pid());
  for (const pid_t pid : all) {
    CHECK(memory_of(pid, "Uid") == 65534);
    CHECK(memory_of(pid, "Gid") == 1);
  }
  CHECK(body_of(service.endpoint()) == "ok");
  if (processes != "0") {
    // The next ones are nobody too.
    service.signal(SIGHUP);
    CHECK(says(service, "reloaded"));
    CHECK(comes_to(service, 2));
    for (const pid_t pid : children_of(service.pid())) {
      CHECK(memory_of(pid, "Uid") == 65534);
    }
  }
  service.signal(SIGTERM);
  CHECK(service.wait() == 0);
}

TEST_CASE("a service in a root of its own", "[guest]") {
  if (!is_root()) return;
  const std::string processes = GENERATE("0", "1");
  const TemporaryDirectory directory;
  let_all_enter(directory);
  const std::string root = directory / "root";
  fs::create_directory(root);
  fs::copy_file(copy_programs(directory) + "/applications.so",
                root + "/applications.so");
  Service service({"native:/applications.so:obedient", "--processes", processes,
                   "--user", "nobody", "--chroot", root},
                  "unix:" + directory / "s");
  CHECK(body_of(service.endpoint()) == "ok");
  std::vector<pid_t> all = children_of(service.pid());
  all.push_back(service.pid());
  for (const pid_t pid : all) {
    CHECK(fs::read_symlink("/proc/" + std::to_string(pid) + "/root") == root);
    CHECK(memory_of(pid, "Uid") == 65534);
  }
  service.signal(SIGTERM);
  CHECK(service.wait() == 0);
}

TEST_CASE("a user that nobody has keeps a service from starting", "[guest]") {
  const TemporaryDirectory directory;
  const Ran ran =
      run_clean({decant_command(), "fcgi", application("obedient"), "--user",
                 "no-such-name", "--listen", "unix:" + directory / "s"});
  CHECK(ran.status == 2);
  CHECK(count(ran.err, "\n") <= 2);
  CHECK_THAT(ran.err, Contains("--user: there is no user named"));
  CHECK(!fs::exists(directory / "s"));
}
