// SPDX-License-Identifier: MIT
// `decant status` against a service that has something to tell.
#include <poll.h>

#include <array>
#include <thread>

#include "decant/service/status/status_server.hpp"
#include "integration/fixtures.hpp"
#include "support/catch.hpp"
#include "support/pipe.hpp"

using namespace decant;
using namespace decant::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

service::Snapshot snapshot() {
  service::Snapshot it;
  it.threads = 2;
  it.totals.requests = 12345;
  service::WorkerSnapshot& worker = it.workers.emplace_back();
  worker.pid = ::getpid();
  worker.state = service::WorkerState::ready;
  worker.in_flight.push_back({1, 5s, "GET /slow"});
  return it;
}

/// A status endpoint, served by a thread of the test.
class StatusService {
 public:
  explicit StatusService(service::Listener listener)
      : endpoint_(listener.name()),
        server_(std::move(listener), {}, snapshot),
        thread_([this] {
          std::array<pollfd, 2> fds{{{server_.descriptor(), POLLIN, 0},
                                     {stop_.read.get(), POLLIN, 0}}};
          while (::poll(fds.data(), fds.size(), -1) > 0 &&
                 fds[1].revents == 0) {
            server_.work();
          }
        }) {}
  ~StatusService() {
    stop_.write.reset();
    thread_.join();
  }

  const std::string& endpoint() const { return endpoint_; }

 private:
  std::string endpoint_;
  Pipe stop_;
  service::StatusServer server_;
  std::thread thread_;
};

service::Listener listen_on(const std::string& endpoint) {
  return service::open(service::Endpoint::parse(endpoint), {});
}

Ran status(const Words& words) {
  Words all{decant_command(), "status"};
  all.insert(all.end(), words.begin(), words.end());
  return run_clean(all);
}

/// One line on standard error, nothing on standard output.
void check_complaint(const Ran& ran, int exit_status,
                     const std::string& names) {
  CHECK(ran.status == exit_status);
  CHECK(ran.out.empty());
  CHECK_THAT(ran.err, StartsWith("decant: "));
  CHECK_THAT(ran.err, Contains(names));
  CHECK(count(ran.err, "\n") == 1);
}

/// An endpoint where somebody answers `bytes` to whatever comes.
class Impostor {
 public:
  explicit Impostor(std::string bytes)
      : listener_(listen_on("127.0.0.1:0")),
        thread_([this, text = std::move(bytes)] {
          pollfd poll{listener_.fd(), POLLIN, 0};
          ::poll(&poll, 1, static_cast<int>(patience.count()));
          const Descriptor peer(::accept(listener_.fd(), nullptr, nullptr));
          std::array<char, 4096> request{};
          read_some(peer.get(), request);
          write_all(peer.get(), text);
        }) {}
  ~Impostor() { thread_.join(); }
  const std::string& endpoint() const { return listener_.name(); }

 private:
  service::Listener listener_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("decant status shows a table", "[status]") {
  const TemporaryDirectory folder;
  const StatusService service(listen_on("unix:" + folder / "status.sock"));
  const Ran ran = status({service.endpoint()});
  CHECK(ran.status == 0);
  CHECK(ran.err.empty());
  CHECK_THAT(ran.out, StartsWith("decant 0.1.0, up "));
  CHECK_THAT(ran.out, Contains("Requests  12345, "));
  CHECK_THAT(ran.out, Contains("  ready "));
  CHECK_THAT(ran.out, Contains("GET /slow\n"));
  CHECK_THAT(ran.out, Contains("MiB"));
}

TEST_CASE("decant status --json prints one line", "[status]") {
  const StatusService service(listen_on("127.0.0.1:0"));
  const Ran ran = status({"--json", service.endpoint()});
  CHECK(ran.status == 0);
  CHECK(ran.err.empty());
  CHECK_THAT(ran.out, StartsWith("{\"version\":"));
  CHECK(ran.out.ends_with("}\n"));
  CHECK(count(ran.out, "\n") == 1);
  const std::string& name = service.endpoint();
  CHECK(status({"localhost" + name.substr(name.find(':'))}).status == 0);
}

TEST_CASE("decant status --watch asks until the service is gone", "[status]") {
  const TemporaryDirectory folder;
  std::optional<StatusService> service(
      std::in_place, listen_on("unix:" + folder / "status.sock"));
  Process watcher(
      {.words = {decant_command(), "status", "--watch", service->endpoint()}});
  CHECK(watcher.pump_until(
      [&watcher] { return count(watcher.out(), "\ndecant 0.1.0, up ") >= 1; }));
  CHECK(watcher.out().find('\x1B') == std::string::npos);  // no terminal
  service.reset();
  CHECK(watcher.wait() == 1);
  CHECK_THAT(watcher.err(), Contains("No such file or directory"));
}

TEST_CASE("decant status says in one line that nobody is there", "[status]") {
  const TemporaryDirectory folder;
  check_complaint(status({"unix:" + folder / "none.sock"}), 1,
                  "No such file or directory; is a service running with "
                  "--status unix:");
  std::string closed;
  {
    const service::Listener listener = listen_on("127.0.0.1:0");
    closed = listener.name();
  }
  check_complaint(status({closed}), 1, "Connection refused; is a service");
  check_complaint(status({"unix:/" + std::string(200, 'x')}), 1,
                  "File name too long");
}

TEST_CASE("decant status refuses what is no endpoint", "[status]") {
  check_complaint(status({"http://127.0.0.1:9100/status"}), 2,
                  "is a URL; give the endpoint alone, as \"127.0.0.1:9100\"");
  check_complaint(status({"http://"}), 2, "as 127.0.0.1:9100");
  check_complaint(status({"9100"}), 2, "write 127.0.0.1:9100");
  check_complaint(status({"fd:3"}), 2, "give unix:PATH or HOST:PORT");
  check_complaint(status({}), 2, "ENDPOINT is required");
  check_complaint(status({"127.0.0.1:1", "--nonsense"}), 2, "--nonsense");
}

TEST_CASE("decant status believes no other server", "[status]") {
  const std::pair<std::string, std::string> answers[] = {
      {"", "is not HTTP/1.1"},
      {"220 mail ready\r\n", "is not HTTP/1.1"},
      {"Status: 200\r\n\r\nx", "is not HTTP/1.1"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", "is not HTTP/1.1"},
      {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
       "the answer is 404 Not Found"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", "is cut short"},
      {"HTTP/1.1 200 OK\r\n\r\nabc", "is cut short"},
  };
  for (const auto& [bytes, complaint] : answers) {
    CAPTURE(bytes);
    const Impostor impostor(bytes);
    check_complaint(status({impostor.endpoint()}), 1, complaint);
  }
}

TEST_CASE("What a server sends does not control the terminal", "[status]") {
  const Impostor impostor(
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na\x1B[2J\nb\rc");
  const Ran ran = status({impostor.endpoint()});
  CHECK(ran.status == 0);
  CHECK(ran.out == "a\\x1b[2J\nb\\x0dc\n");
}

TEST_CASE("decant status explains itself", "[status]") {
  const Ran ran = status({"--help"});
  CHECK(ran.status == 0);
  CHECK_THAT(ran.out, Contains("--watch") && Contains("--json"));
  // A program of its own has the command too.
  const Ran own = run_clean({hello_binary(), "status", "--help"});
  CHECK(own.status == 0);
  CHECK_THAT(own.out, Contains("hello status unix:"));
}
