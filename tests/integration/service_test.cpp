// SPDX-License-Identifier: MIT
// `decant fcgi` as a service: how it starts, what it takes, how it stops.
#include <signal.h>
#include <sys/resource.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "integration/fixtures.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace decant::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

const FastcgiShape kept_alive{.keep_connection = true};

/// A signal was sent to a process that has not taken it yet: another one of
/// the same kind would be lost.
bool signal_pending(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; status >> word;) {
    if (word == "ShdPnd:" && status >> word) {
      return word.find_first_not_of('0') != std::string::npos;
    }
  }
  return false;
}

/// The tests and the services they start may open this many files.
void allow_descriptors(rlim_t count) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::max(limit.rlim_cur, count);
  REQUIRE(limit.rlim_cur <= limit.rlim_max);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

}  // namespace

TEST_CASE(
    "a fresh request is answered at once beside 1,000 idle and 200 "
    "half-started connections",
    "[service]") {
  allow_descriptors(4096);
  const TemporaryDirectory directory;
  Service service({plugin("hello"), "--threads", "2"},
                  "unix:" + directory / "s");
  std::vector<FastcgiClient> idle;
  for (int i = 0; i < 1000; ++i) {
    idle.emplace_back(service.endpoint());
    idle.back().send(fastcgi_request(get("/"), "", kept_alive));
    REQUIRE(idle.back().receive().complete);
  }
  const std::string request = fastcgi_request(get("/"), "", kept_alive);
  std::vector<FastcgiClient> half;
  for (int i = 0; i < 200; ++i) {
    half.emplace_back(service.endpoint());
    half.back().send(request.substr(0, request.size() / 3));
  }
  const auto start = std::chrono::steady_clock::now();
  FastcgiClient fresh(service.endpoint());
  fresh.send(fastcgi_request(get("/"), ""));
  const FastcgiResponse response = fresh.receive();
  const auto taken = std::chrono::steady_clock::now() - start;
  CHECK_THAT(response.output, Contains("Hello world!\n"));
  std::cout << "a fresh request beside 1,200 connections: "
            << std::chrono::duration<double, std::milli>(taken).count()
            << " ms\n";
  CHECK(taken < 500ms);
  // The others still work.
  idle.front().send(fastcgi_request(get("/"), "", kept_alive));
  CHECK_THAT(idle.front().receive().output, Contains("Hello world!\n"));
  half.back().send(request.substr(request.size() / 3));
  CHECK_THAT(half.back().receive().output, Contains("Hello world!\n"));
}

TEST_CASE(
    "TERM lets a request in flight finish, exits 0 and removes the "
    "socket",
    "[service]") {
  const TemporaryDirectory directory;
  Gate gate(directory / "gate");
  Service service({application("gated"), "--env", "test.gate=" + gate.path()},
                  "unix:" + directory / "s");
  FastcgiClient client(service.endpoint());
  client.send(fastcgi_request(get("/"), ""));
  gate.await_reader();
  service.signal(SIGTERM);
  gate.open();
  CHECK_THAT(client.receive().output, Contains("through the gate\n"));
  CHECK(service.wait() == 0);
  CHECK(!std::filesystem::exists(directory / "s"));
}

TEST_CASE("a second TERM stops at once", "[service]") {
  const TemporaryDirectory directory;
  Gate gate(directory / "gate");
  Service service({application("gated"), "--env", "test.gate=" + gate.path()},
                  "unix:" + directory / "s");
  FastcgiClient client(service.endpoint());
  client.send(fastcgi_request(get("/"), ""));
  gate.await_reader();
  service.signal(SIGTERM);
  REQUIRE(wait_until([&] { return !signal_pending(service.pid()); }));
  service.signal(SIGTERM);
  const auto start = std::chrono::steady_clock::now();
  CHECK(service.wait() == 0);
  CHECK(std::chrono::steady_clock::now() - start < 1s);
  CHECK(!std::filesystem::exists(directory / "s"));
}

TEST_CASE("idle connections do not keep a service that is to stop",
          "[service]") {
  const TemporaryDirectory directory;
  Service service({plugin("hello")}, "unix:" + directory / "s");
  FastcgiClient client(service.endpoint());
  client.send(fastcgi_request(get("/"), "", kept_alive));
  REQUIRE(client.receive().complete);
  const auto start = std::chrono::steady_clock::now();
  service.signal(SIGTERM);
  CHECK(service.wait() == 0);
  CHECK(std::chrono::steady_clock::now() - start < 1s);
}

TEST_CASE("a stale socket is replaced", "[service]") {
  const TemporaryDirectory directory;
  const std::string endpoint = "unix:" + directory / "s";
  {
    Service killed({plugin("hello")}, endpoint);
    killed.signal(SIGKILL);
    killed.wait();
  }
  REQUIRE(std::filesystem::exists(directory / "s"));
  Service service({plugin("hello")}, endpoint);
  FastcgiClient client(service.endpoint());
  client.send(fastcgi_request(get("/"), ""));
  CHECK_THAT(client.receive().output, Contains("Hello world!\n"));
}

TEST_CASE("a live socket is refused, and left alone", "[service]") {
  const TemporaryDirectory directory;
  const std::string endpoint = "unix:" + directory / "s";
  Service service({plugin("hello")}, endpoint);
  const Ran second = run_clean(
      {decant_command(), "fcgi", plugin("hello"), "--listen", endpoint});
  CHECK(second.status == 1);
  CHECK(second.err == "decant: endpoint: " + endpoint +
                          " is in use by a running service; stop that one or "
                          "choose another path\n");
  FastcgiClient client(service.endpoint());
  client.send(fastcgi_request(get("/"), ""));
  CHECK_THAT(client.receive().output, Contains("Hello world!\n"));
}

TEST_CASE("a file that is no socket is not removed", "[service]") {
  const TemporaryDirectory directory;
  const std::string file = directory.write("s", "precious\n");
  const Ran ran = run_clean(
      {decant_command(), "fcgi", plugin("hello"), "--listen", "unix:" + file});
  CHECK(ran.status == 1);
  CHECK_THAT(ran.err, Contains("is a file that is no socket"));
  CHECK(read_file(file) == "precious\n");
}

TEST_CASE("a port in use is refused", "[service]") {
  Service service({plugin("hello")}, "127.0.0.1:0");
  const Ran second = run_clean({decant_command(), "fcgi", plugin("hello"),
                                "--listen", service.endpoint()});
  CHECK(second.status == 1);
  CHECK_THAT(second.err, StartsWith("decant: endpoint: ") &&
                             Contains("in use") &&
                             Contains(service.endpoint()));
}

TEST_CASE(
    "one service listens on several endpoints, as its configuration "
    "file says",
    "[service]") {
  const TemporaryDirectory directory;
  const std::string config =
      directory.write("decant.toml", "listen = [\"unix:" + directory / "a" +
                                         "\", \"unix:" + directory / "b" +
                                         "\"]\nthreads = 2\n");
  Service service({plugin("hello"), "--config", config});
  CHECK_THAT(service.log(), Contains("2 threads"));
  for (const char* const name : {"a", "b"}) {
    FastcgiClient client("unix:" + directory / name);
    client.send(fastcgi_request(get("/"), ""));
    CHECK_THAT(client.receive().output, Contains("Hello world!\n"));
  }
}

TEST_CASE("limits answer, they do not hang up", "[service]") {
  const TemporaryDirectory directory;
  Service service(
      {plugin("upload"), "--max-body", "1000", "--max-params", "2000,50"},
      "unix:" + directory / "s");
  const auto answer = [&](const FastcgiVariables& variables,
                          const std::string& body) {
    FastcgiClient client(service.endpoint());
    client.send(fastcgi_request(variables, body));
    const FastcgiResponse response = client.receive();
    CHECK(response.complete);
    return response.output;
  };
  CHECK_THAT(answer(post("/", "1000"), std::string(1000, 'x')),
             StartsWith("Status: 200 ") && Contains("1000 bytes"));
  CHECK_THAT(answer(post("/", "1001"), std::string(1001, 'x')),
             StartsWith("Status: 413 "));
  CHECK_THAT(answer(post("/", "ten"), "0123456789"),
             StartsWith("Status: 400 "));
  FastcgiVariables large = get("/");
  large.emplace_back("HTTP_X_LARGE", std::string(2000, 'x'));
  CHECK_THAT(answer(large, ""), StartsWith("Status: 431 "));
  FastcgiVariables many = get("/");
  for (int i = 0; i < 60; ++i) many.emplace_back("V" + std::to_string(i), "");
  CHECK_THAT(answer(many, ""), StartsWith("Status: 431 "));
}

TEST_CASE("a response that is cut lets the web server send its request",
          "[service]") {
  const TemporaryDirectory directory;
  const bool is_unix = GENERATE(true, false);
  const std::string endpoint =
      is_unix ? "unix:" + directory / "s" : "127.0.0.1:0";
  CAPTURE(endpoint);
  const Service service({application("cut_without_length")}, endpoint);
  FastcgiClient client(service.endpoint());
  client.send(fastcgi_request(get("/"), "", {.end_of_body = false}));
  const FastcgiResponse response = client.receive();
  CHECK_THAT(response.output, Contains("the beginning\n"));
  CHECK(!response.complete);
  // Apache sends this before it reads; where that fails it has no response.
  CHECK(client.send(fastcgi_record(fcgi_stdin, 1, "")));
}

TEST_CASE("an upload that is cut short makes the application's read throw",
          "[service]") {
  const TemporaryDirectory directory;
  Service service({plugin("upload")}, "unix:" + directory / "s");
  FastcgiClient client(service.endpoint());
  client.send(fastcgi_request(post("/", "1000"), "only this"));
  CHECK_THAT(client.receive().output,
             StartsWith("Status: 400 ") && !Contains("bytes, fnv1a"));
  CHECK_THAT(service.log(), Contains("POST /: input: "));
}

TEST_CASE("an upload of 256 MiB leaves memory as it was", "[service]") {
  const TemporaryDirectory directory;
  Service service({plugin("upload"), "--threads", "1"},
                  "unix:" + directory / "s");
  const auto upload = [&](std::size_t mebibytes) {
    FastcgiClient client(service.endpoint());
    const std::string size = std::to_string(mebibytes << 20);
    client.send(fastcgi_request(post("/", size), "", {.end_of_body = false}));
    const std::string block(1 << 20, 'u');
    for (std::size_t i = 0; i < mebibytes; ++i) {
      client.send(fastcgi_stream(fcgi_stdin, 1, block));
    }
    client.send(fastcgi_record(fcgi_stdin, 1, ""));
    CHECK_THAT(client.receive().output, Contains(size + " bytes, fnv1a"));
  };
  upload(1);
  const long before = memory_of(service.pid(), "VmRSS");
  upload(256);
  REQUIRE(before > 0);
  const long growth = memory_of(service.pid(), "VmHWM") - before;
  std::cout << "256 MiB upload: " << growth << " KiB more memory\n";
  CHECK(growth < 2048);
}

TEST_CASE("a download of 256 MiB leaves memory as it was", "[service]") {
  const TemporaryDirectory directory;
  Service service({application("download"), "--threads", "1"},
                  "unix:" + directory / "s");
  const auto download = [&](std::uint64_t bytes) {
    FastcgiClient client(service.endpoint());
    FastcgiVariables variables = get("/");
    variables.emplace_back("QUERY_STRING", std::to_string(bytes));
    client.send(fastcgi_request(variables, ""));
    // Bytes on the wire: 8 more for each record.
    std::uint64_t received = 0;
    client.receive_until([&] {
      received += client.take(client.received().size()).size();
      return false;
    });
    CHECK(client.ended());
    CHECK(received > bytes);
    CHECK(received < bytes + bytes / 1000);
  };
  download(1 << 20);
  const long before = memory_of(service.pid(), "VmRSS");
  download(256 << 20);
  REQUIRE(before > 0);
  const long growth = memory_of(service.pid(), "VmHWM") - before;
  std::cout << "256 MiB download: " << growth << " KiB more memory\n";
  CHECK(growth < 2048);
}

TEST_CASE("a child of the application inherits no connection", "[service]") {
  const TemporaryDirectory directory;
  Service service({application("descriptors")}, "unix:" + directory / "s");
  FastcgiClient client(service.endpoint());
  client.send(fastcgi_request(get("/"), ""));
  const std::string output = client.receive().output;
  CHECK(output.substr(output.find("\r\n\r\n") + 4) == "0\n1\n2\n");
}

TEST_CASE("request variables never enter the environment of the service",
          "[service]") {
  const TemporaryDirectory directory;
  Service service({application("process_environment")},
                  "unix:" + directory / "s");
  FastcgiClient client(service.endpoint());
  FastcgiVariables variables = get("/");
  variables.emplace_back("HTTP_X_SECRET", "secret");
  client.send(fastcgi_request(variables, ""));
  CHECK_THAT(client.receive().output,
             !Contains("secret") && !Contains("REQUEST_METHOD"));
}

TEST_CASE("what an application prints goes to the log of the service",
          "[service]") {
  const TemporaryDirectory directory;
  Service service({application("chatty")}, "unix:" + directory / "s");
  FastcgiClient client(service.endpoint());
  client.send(fastcgi_request(get("/"), ""));
  CHECK_THAT(client.receive().output,
             Contains("the response\n") && !Contains(" was here"));
}
