// SPDX-License-Identifier: MIT
#include "decant/service/status/status_http.hpp"

#include <unistd.h>

#include "decant/service/status/metrics.hpp"
#include "support/catch.hpp"
#include "support/http_client.hpp"

namespace decant::service {
namespace {

using Catch::Matchers::Contains;

Snapshot with_worker(WorkerState state) {
  Snapshot snapshot;
  snapshot.threads = 1;
  WorkerSnapshot& worker = snapshot.workers.emplace_back();
  worker.pid = ::getpid();
  worker.state = state;
  return snapshot;
}

std::optional<std::string> answer(std::string_view bytes,
                                  WorkerState state = WorkerState::ready) {
  return answer_status(bytes, [state] { return with_worker(state); });
}

test::HttpResponse response(std::string_view bytes, bool to_head = false,
                            WorkerState state = WorkerState::ready) {
  CAPTURE(bytes);
  const auto text = answer(bytes, state);
  REQUIRE(text);
  auto parsed = test::parse_http_response(*text, true, to_head);
  REQUIRE(parsed);
  CHECK(parsed->complete);
  CHECK(parsed->size == text->size());
  CHECK(parsed->header("Connection") == "close");
  CHECK(parsed->header("Cache-Control") == "no-store");
  return *std::move(parsed);
}

std::string get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

int status(std::string_view bytes) {
  return response(bytes).status;
}

}  // namespace

TEST_CASE("The pages of the status") {
  const auto json = response(get("/status"));
  CHECK(json.status == 200);
  CHECK(json.header("Content-Type") == "application/json");
  CHECK(json.body.starts_with("{\"version\":"));
  CHECK_THAT(json.body, Contains("\"resident_bytes\":"));

  const auto table = response(get("/status.txt"));
  CHECK(table.status == 200);
  CHECK(table.header("Content-Type") == "text/plain; charset=utf-8");
  CHECK(table.body.starts_with("decant "));

  const auto metrics = response(get("/metrics"));
  CHECK(metrics.status == 200);
  CHECK(metrics.header("Content-Type") == open_metrics_type);
  CHECK(metrics.body.ends_with("# EOF\n"));
  CHECK_THAT(metrics.body, Contains("decant_worker_resident_memory_bytes{"));

  CHECK(response(get("/ping")).status == 200);
  CHECK(response(get("/ping")).body == "ok\n");
}

TEST_CASE("A ping fails while no worker is ready") {
  for (const WorkerState state :
       {WorkerState::starting, WorkerState::draining}) {
    const auto ping = response(get("/ping"), false, state);
    CHECK(ping.status == 503);
    CHECK(ping.body == "no worker is ready\n");
  }
}

TEST_CASE("A page asks for one snapshot, an error for none") {
  int asked = 0;
  const auto source = [&asked] {
    ++asked;
    return Snapshot{};
  };
  for (const char* path : {"/status", "/status.txt", "/metrics", "/ping"}) {
    asked = 0;
    CHECK(answer_status(get(path), source));
    CHECK(asked == 1);
  }
  CHECK(answer_status(get("/nothing"), source));
  CHECK(answer_status("POST /ping HTTP/1.0\r\n\r\n", source));
  CHECK(answer_status("GET\r\n\r\n", source));
  CHECK(asked == 1);
}

TEST_CASE("HEAD gets the head that GET would") {
  const std::string head = *answer("HEAD /ping HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string all = *answer(get("/ping"));
  CHECK(head + "ok\n" == all);
  CHECK(response("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n", true).status == 404);
}

TEST_CASE("Another method, another path") {
  for (const std::string method : {"POST", "PUT", "DELETE", "get", "X"}) {
    const auto refused =
        response(method + " /status HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(refused.status == 405);
    CHECK(refused.header("Allow") == "GET, HEAD");
  }
  for (const char* path : {"/", "/statu", "/status/", "/STATUS", "//status",
                           "/ping.txt", "/%73tatus"}) {
    const auto refused = response(get(path));
    CHECK(refused.status == 404);
    CHECK_THAT(refused.body, Contains("/metrics"));
  }
}

TEST_CASE("A target may have a query and be an absolute URI") {
  CHECK(status(get("/ping?x=/y")) == 200);
  CHECK(status(get("/ping?")) == 200);
  CHECK(status(get("http://a/ping")) == 200);
  CHECK(status(get("HTTP://a:9/ping?b")) == 200);
  CHECK(status(get("http://a")) == 404);
  CHECK(status(get("http://a?/ping")) == 404);
  CHECK(status(get("ping")) == 400);
  CHECK(status(get("*")) == 400);
}

TEST_CASE("HTTP/1.0 needs no Host, HTTP/1.1 just one") {
  CHECK(status("GET /ping HTTP/1.0\r\n\r\n") == 200);
  CHECK(status("GET /ping HTTP/1.1\r\n\r\n") == 400);
  CHECK(status("GET /ping HTTP/1.1\r\nhost:\r\n\r\n") == 200);
  CHECK(status("GET /ping HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n") == 400);
  CHECK(status("GET /ping HTTP/1.9\r\nHost: a\r\n\r\n") == 200);
  CHECK(status("GET /ping HTTP/2.0\r\nHost: a\r\n\r\n") == 505);
}

TEST_CASE("Lines end with CRLF, and an empty one may come first") {
  CHECK(status("GET /ping HTTP/1.0\n\n") == 400);
  CHECK(status("\r\nGET /ping HTTP/1.0\r\n\r\n") == 200);
}

TEST_CASE("What is malformed gets 400") {
  for (const std::string line :
       {"", "GET", "GET /ping", "GET  HTTP/1.1", "GET /ping HTTP/1.1 ",
        "GET /ping  HTTP/1.1", "GET /ping /x HTTP/1.1", " GET /ping HTTP/1.1",
        "G(T /ping HTTP/1.1", "GET /ping HTTP/1", "GET /ping http/1.1",
        "GET /ping HTTP/1.1x", "GET /ping HTTX/1.1", "GET\t/ping\tHTTP/1.1",
        "GET /ping HTTP/1.\xB2", "GET /pi\rng HTTP/1.1",
        "GET /pi\x01ng HTTP/1.1"}) {
    CAPTURE(line);
    CHECK(status(line + "\r\nHost: a\r\n\r\n") == 400);
  }
  for (const std::string field : {"nothing", ": x", "A B: c", "A : b",
                                  " folded: x", "A: b\rc", "A: b\x7F"}) {
    CAPTURE(field);
    CHECK(status("GET /ping HTTP/1.1\r\nHost: a\r\n" + field + "\r\n\r\n") ==
          400);
  }
}

TEST_CASE("A head comes in any pieces") {
  const std::string request = get("/ping");
  for (std::size_t size = 0; size < request.size(); ++size) {
    CHECK_FALSE(answer(std::string_view(request).substr(0, size)));
  }
  CHECK(answer(request));
  CHECK(answer(request + "more"));
}

TEST_CASE("A head is bounded") {
  const std::string begun = "GET /ping HTTP/1.1\r\nHost: a\r\nX: ";
  const std::string end = "\r\n\r\n";
  const std::size_t left = most_status_head - begun.size() - end.size();
  CHECK(status(begun + std::string(left, 'x') + end) == 200);
  CHECK(status(begun + std::string(left + 1, 'x') + end) == 431);
  CHECK_FALSE(answer(begun + std::string(left, 'x')));
  CHECK(status(begun + std::string(100'000, 'x')) == 431);
  CHECK(status(std::string(100'000, 'x')) == 501);
}

TEST_CASE("Another protocol is told at once") {
  CHECK(status(std::string_view("\x16\x03\x01\x02\x00\x01", 6)) == 400);
  CHECK(status(std::string_view("\x01\x01\x00\x01\x00\x08\x00\x00", 8)) == 400);
}

TEST_CASE("memory is measured once, and only where it is shown") {
  static int measured = 0;
  const auto look = [] { return with_worker(WorkerState::ready); };
  for (const auto& [path, times] :
       std::vector<std::pair<std::string, int>>{{"/status", 1},
                                                {"/status.txt", 1},
                                                {"/metrics", 1},
                                                {"/ping", 0},
                                                {"/nothing", 0}}) {
    CAPTURE(path);
    measured = 0;
    CHECK(answer_status(get(path), look, [](Snapshot&) { ++measured; }));
    CHECK(measured == times);
  }
}

}  // namespace decant::service
