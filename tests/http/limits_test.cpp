// SPDX-License-Identifier: MIT
// What one peer may take from an HTTP service, and what it is told.
#include <signal.h>

#include <chrono>
#include <deque>
#include <string>

#include "integration/fixtures.hpp"
#include "support/catch.hpp"
#include "support/http_client.hpp"

using namespace decant::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

struct Served {
  explicit Served(Words options, const std::string& name = "http_echo")
      : service(with(std::move(options), name), "unix:" + directory / "s",
                "http") {}

  static Words with(Words options, const std::string& name) {
    options.insert(options.begin(), application(name));
    return options;
  }

  TemporaryDirectory directory;
  Service service;
};

const std::string a_get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

}  // namespace

TEST_CASE("idle connections and slow heads keep nobody waiting",
          "[http-limits]") {
  const Served served({"--threads", "2"});
  std::deque<HttpClient> idle;
  for (int i = 0; i < 1000; ++i) {
    HttpClient& client = idle.emplace_back(served.service.endpoint());
    client.send(a_get);
    REQUIRE(client.receive().status == 200);
  }
  std::deque<HttpClient> slow;
  for (int i = 0; i < 500; ++i) {
    slow.emplace_back(served.service.endpoint())
        .send("GET / HTTP/1.1\r\nHost: h\r\nX-A: ");
  }
  HttpClient client(served.service.endpoint());
  const auto before = std::chrono::steady_clock::now();
  client.send(a_get);
  CHECK(client.receive().status == 200);
  CHECK(std::chrono::steady_clock::now() - before < 500ms);
  // The slow ones are served once their heads are whole.
  slow.back().send("b\r\n\r\n");
  CHECK(slow.back().receive().status == 200);
}

TEST_CASE("a head that takes too long gets 408, a silent peer nothing",
          "[http-limits]") {
  const Served served({"--header-timeout", "1", "--idle-timeout", "1"});
  HttpClient slow(served.service.endpoint());
  slow.send("GET / HT");
  HttpClient silent(served.service.endpoint());
  HttpClient idle(served.service.endpoint());
  idle.send(a_get);
  CHECK(idle.receive().status == 200);
  CHECK(slow.wait_for_end());
  CHECK_THAT(slow.received(), StartsWith("HTTP/1.1 408 Request Timeout\r\n") &&
                                  Contains("Connection: close\r\n"));
  CHECK(silent.wait_for_end());
  CHECK(silent.received().empty());
  CHECK(idle.wait_for_end());
  CHECK(idle.received().empty());
}

TEST_CASE("connections that come together may take their time",
          "[http-limits]") {
  const Served served({"--threads", "4", "--header-timeout", "1"});
  // The service finds all of them at once, and leaves some to other threads.
  served.service.signal(SIGSTOP);
  std::deque<HttpClient> clients;
  for (int i = 0; i < 8; ++i) clients.emplace_back(served.service.endpoint());
  served.service.signal(SIGCONT);
  HttpClient slow(served.service.endpoint());
  slow.send("GET / HT");
  // By then it has looked for those whose time is over.
  CHECK(slow.wait_for_end());
  for (HttpClient& client : clients) {
    CHECK(client.send(a_get));
    CHECK(client.receive().status == 200);
  }
}

TEST_CASE("a body of which nothing comes gets 408", "[http-limits]") {
  const Served served({"--io-timeout", "1"});
  HttpClient client(served.service.endpoint());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe");
  CHECK(client.receive().status == 408);
  CHECK(client.wait_for_end());
}

TEST_CASE("a body beyond --max-body gets 413 and is not asked for",
          "[http-limits]") {
  const Served served({"--max-body", "4"});
  HttpClient client(served.service.endpoint());
  client.send(
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n"
      "Expect: 100-continue\r\n\r\n");
  CHECK(client.wait_for_end());
  CHECK_THAT(client.received(), StartsWith("HTTP/1.1 413 "));
  HttpClient chunks(served.service.endpoint());
  chunks.send(http_chunked_request("POST", "/", "hello", 5));
  CHECK(chunks.receive().status == 413);
}

TEST_CASE("beyond --max-connections a request gets 503", "[http-limits]") {
  const Served served({"--max-connections", "1"});
  HttpClient first(served.service.endpoint());
  first.send(a_get);
  CHECK(first.receive().status == 200);
  HttpClient second(served.service.endpoint());
  second.send(a_get);
  const HttpResponse response = second.receive();
  CHECK(response.status == 503);
  CHECK(!response.header("Retry-After").empty());
  CHECK(second.wait_for_end());
}

TEST_CASE("beyond --timeout a request gets 504", "[http-limits]") {
  const Served served({"--timeout", "1", "--grace", "1", "--processes", "1"},
                      "obedient");
  HttpClient client(served.service.endpoint());
  client.send("GET /sleep HTTP/1.1\r\nHost: h\r\n\r\n");
  const HttpResponse response = client.receive();
  CHECK(response.status == 504);
  CHECK(response.header("Connection") == "close");
  CHECK(client.wait_for_end());
}

TEST_CASE("what was no request has a line in the access log", "[http-limits]") {
  const TemporaryDirectory directory;
  const Service service(
      {application("http_echo"), "--access-log", directory / "access"},
      "127.0.0.1:0", "http");
  HttpClient client(service.endpoint());
  client.send("GET / HTTP/9.9\r\n\r\n");
  CHECK(client.receive().status == 505);
  CHECK(wait_until([&] { return !read_file(directory / "access").empty(); }));
  CHECK_THAT(read_file(directory / "access"),
             StartsWith("127.0.0.1 - - [") && Contains("] \"-\" 505 0 "));
}

TEST_CASE("TERM: what is in flight is answered and says that it is the last",
          "[http-limits]") {
  const TemporaryDirectory directory;
  Gate gate(directory / "gate");
  Service service({application("obedient"), "--threads", "2", "--env",
                   "test.gate=" + directory / "gate"},
                  "unix:" + directory / "s", "http");
  HttpClient idle(service.endpoint());
  idle.send(a_get);
  CHECK(idle.receive().status == 200);
  HttpClient client(service.endpoint());
  client.send("GET /gate HTTP/1.1\r\nHost: h\r\n\r\n");
  gate.await_reader();
  service.signal(SIGTERM);
  CHECK(idle.wait_for_end());
  gate.open();
  const HttpResponse response = client.receive();
  CHECK(response.status == 200);
  CHECK(response.header("Connection") == "close");
  CHECK(service.wait() == 0);
}
