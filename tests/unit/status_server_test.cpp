// SPDX-License-Identifier: MIT
#include "decant/service/status/status_server.hpp"

#include <poll.h>
#include <sys/resource.h>

#include <array>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/http_client.hpp"
#include "support/pipe.hpp"
#include "support/temporary_directory.hpp"

namespace decant::service {
namespace {

using namespace std::chrono_literals;

const std::string ping = "GET /ping HTTP/1.0\r\n\r\n";

Snapshot ready() {
  Snapshot snapshot;
  snapshot.workers.emplace_back().state = WorkerState::ready;
  return snapshot;
}

/// A page of more than a socket takes at once.
Snapshot large() {
  Snapshot snapshot = ready();
  for (int i = 0; i < 20'000; ++i) {
    snapshot.workers[0].in_flight.push_back({i, 1s, std::string(100, 'x')});
  }
  return snapshot;
}

/// A server without a thread, to be moved step by step.
struct Server {
  explicit Server(SnapshotSource source = ready,
                  std::chrono::milliseconds time_limit = 5s)
      : server(open(Endpoint::parse(endpoint), {}), {}, std::move(source),
               time_limit) {}
  explicit Server(Listener listener)
      : endpoint(listener.name()), server(std::move(listener), {}, ready) {}

  /// True when the server has something to do within `limit`.
  bool wait(std::chrono::milliseconds limit = test::patience) const {
    pollfd it{server.descriptor(), POLLIN, 0};
    return ::poll(&it, 1, static_cast<int>(limit.count())) == 1;
  }
  bool idle() const { return !wait(0ms); }
  void work_until_idle() {
    while (!idle()) server.work();
  }
  /// Lets the server work and the client receive until it has closed.
  void serve(test::SocketClient& client) {
    const test::Deadline deadline(test::patience);
    while (!client.ended() && !deadline.passed()) {
      work_until_idle();
      client.receive_until([&client] { return client.ended(); }, 1ms);
    }
  }

  test::TemporaryDirectory folder;
  std::string endpoint = "unix:" + folder / "status.sock";
  StatusServer server;
};

/// The same at work on a thread of its own.
class Running : public Server {
 public:
  template <class... Arguments>
  explicit Running(Arguments&&... arguments)
      : Server(std::forward<Arguments>(arguments)...), thread_([this] {
          std::array<pollfd, 2> fds{{{server.descriptor(), POLLIN, 0},
                                     {stop_.read.get(), POLLIN, 0}}};
          while (::poll(fds.data(), fds.size(), -1) > 0 &&
                 fds[1].revents == 0) {
            server.work();
          }
        }) {}
  ~Running() {
    stop_.write.reset();
    thread_.join();
  }

 private:
  test::Pipe stop_;
  std::thread thread_;
};

bool pings(const std::string& endpoint) {
  test::HttpClient client(endpoint);
  client.send(ping);
  return client.receive().body == "ok\n" && client.wait_for_end();
}

}  // namespace

TEST_CASE("The status is served on a unix socket") {
  Running running;
  CHECK(pings(running.endpoint));
  CHECK(pings(running.endpoint));
}

TEST_CASE("The status is served on TCP") {
  Running running(open(Endpoint::parse("127.0.0.1:0"), {}));
  CHECK(pings(running.endpoint));
}

TEST_CASE("A server without peers has nothing to do") {
  Server it;
  it.server.work();
  CHECK(it.idle());
}

TEST_CASE("A request may come in pieces") {
  Server it;
  test::HttpClient client(it.endpoint);
  for (const char c : ping.substr(0, ping.size() - 1)) {
    client.send({&c, 1});
    REQUIRE(it.wait());
    it.work_until_idle();
  }
  client.send("\n");
  REQUIRE(it.wait());
  it.work_until_idle();
  CHECK(client.receive().body == "ok\n");
}

TEST_CASE("A large page reaches a client that reads late") {
  Server it(large);
  test::HttpClient client(it.endpoint);
  client.send("GET /status.txt HTTP/1.0\r\n\r\n");
  REQUIRE(it.wait());
  it.work_until_idle();  // the socket is full, and the server does not wait
  it.serve(client);
  const test::HttpResponse response = client.receive();
  CHECK(response.status == 200);
  CHECK(response.complete);
  CHECK(response.body.size() > 2'000'000);
}

TEST_CASE("A client that leaves does no harm") {
  Running running(large);
  for (const char* sent : {"", "GET /sta", "GET /status HTTP/1.0\r\n\r\n"}) {
    test::SocketClient client(running.endpoint);
    client.send(sent);
  }
  CHECK(pings(running.endpoint));
}

TEST_CASE("What follows a request is thrown away, as far as it goes") {
  Running running;
  test::HttpClient client(running.endpoint);
  client.send(ping + std::string(10'000, 'x'));
  CHECK(client.receive().body == "ok\n");
  client.send(std::string(1'000'000, 'x'));  // the server gives up on it
  CHECK(client.wait_for_end());
  CHECK(pings(running.endpoint));
}

TEST_CASE("Silent peers do not keep others out") {
  Running running;
  std::vector<std::unique_ptr<test::SocketClient>> silent;
  silent.reserve(50);
  for (int i = 0; i < 50; ++i) {
    silent.push_back(std::make_unique<test::SocketClient>(running.endpoint));
  }
  CHECK(pings(running.endpoint));
  CHECK(silent.front()->wait_for_end());
}

TEST_CASE("A peer that takes too long is closed") {
  Running running(ready, 20ms);
  test::SocketClient silent(running.endpoint);
  CHECK(silent.wait_for_end());
  test::SocketClient slow(running.endpoint);
  slow.send("GET /pi");
  CHECK(slow.wait_for_end());
}

TEST_CASE("A server whose peers were late is idle again") {
  Server it(ready, 1ms);
  test::SocketClient silent(it.endpoint);
  REQUIRE(it.wait());
  it.server.work();
  REQUIRE(it.wait());  // its timer
  it.work_until_idle();
  CHECK(silent.wait_for_end());
  CHECK_FALSE(it.wait(20ms));
}

TEST_CASE("A source that fails ends one connection") {
  bool fails = true;
  Server it([&fails] {
    if (fails) throw std::runtime_error("test: no snapshot");
    return ready();
  });
  test::SocketClient client(it.endpoint);
  client.send(ping);
  REQUIRE(it.wait());
  it.work_until_idle();
  CHECK(client.wait_for_end());
  CHECK(client.received().empty());
  fails = false;
  test::HttpClient next(it.endpoint);
  next.send(ping);
  REQUIRE(it.wait());
  it.work_until_idle();
  CHECK(next.receive().body == "ok\n");
}

TEST_CASE("A server without descriptors waits for some and does not spin") {
  CHECK(test::in_child([] {
          Server it;
          test::HttpClient client(it.endpoint);
          client.send(ping);
          rlimit limit{};
          ::getrlimit(RLIMIT_NOFILE, &limit);
          const rlimit few{0, limit.rlim_max};
          ::setrlimit(RLIMIT_NOFILE, &few);
          it.server.work();
          // poll(2) itself would be refused.
          ::setrlimit(RLIMIT_NOFILE, &limit);
          if (!it.idle()) return 1;
          it.serve(client);
          return client.receive().body == "ok\n" ? 0 : 2;
        }) == 0);
}

TEST_CASE("A child that leaves takes nothing with it") {
  Server it;
  test::HttpClient client(it.endpoint);
  REQUIRE(it.wait());
  it.server.work();  // a peer that is open while the process forks
  CHECK(test::in_child([&it] {
          it.server.leave();
          return std::filesystem::exists(it.endpoint.substr(5)) ? 0 : 1;
        }) == 0);
  CHECK(std::filesystem::exists(it.endpoint.substr(5)));
  client.send(ping);
  REQUIRE(it.wait());
  it.work_until_idle();
  CHECK(client.receive().body == "ok\n");
}

TEST_CASE("A child that keeps a connection does not bring it back") {
  Server it(ready, 1ms);
  test::SocketClient client(it.endpoint);
  REQUIRE(it.wait());
  it.server.work();
  test::Pipe end;
  const pid_t child = ::fork();
  if (child == 0) {
    end.write.reset();
    test::read_to_end(end.read.get());
    ::_exit(0);
  }
  REQUIRE(it.wait());
  it.work_until_idle();  // it was late, and is dropped
  client.send(ping);     // taken by the socket that the child still has
  CHECK_FALSE(it.wait(20ms));
  end.write.reset();
  ::waitpid(child, nullptr, 0);
}

TEST_CASE("The file of the socket goes with the server") {
  std::string path;
  {
    const test::TemporaryDirectory folder;
    path = folder / "status.sock";
    {
      StatusServer server(open(Endpoint::parse("unix:" + path), {}), {}, ready);
      CHECK(std::filesystem::exists(path));
    }
    CHECK_FALSE(std::filesystem::exists(path));
  }
}

}  // namespace decant::service
