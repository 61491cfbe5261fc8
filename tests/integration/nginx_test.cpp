// SPDX-License-Identifier: MIT
// nginx in front of `decant fcgi`, with the configuration of examples/.
#include <chrono>
#include <filesystem>
#include <thread>

#include "integration/fixtures.hpp"
#include "integration/web_server.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace decant::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

/// nginx before the service that `options` make, on `endpoint`.
struct Site {
  explicit Site(const Words& options, const std::string& endpoint = "",
                const Pairs& changes = {})
      : service(options,
                endpoint.empty() ? "unix:" + directory / "s" : endpoint),
        nginx(start_nginx(directory, service.endpoint(), changes)) {}

  TemporaryDirectory directory;
  Service service;
  WebServer nginx;
};

const std::string hello_text = "Hello world!\n";

}  // namespace

TEST_CASE("an application answers behind nginx", "[nginx]") {
  if (missing("nginx", "nginx-light")) return;
  const std::string endpoint =
      GENERATE(as<std::string>(), "", "127.0.0.1:0", "[::1]:0");
  CAPTURE(endpoint);
  const Site site({plugin("hello")}, endpoint);
  const HttpResponse response = http_get(site.nginx.port(), "/");
  CHECK(response.status == 200);
  CHECK(response.body == hello_text);
  CHECK(response.complete);
}

TEST_CASE(
    "a first chunk reaches the client through nginx before the second "
    "is made",
    "[nginx]") {
  if (missing("nginx", "nginx-light")) return;
  const TemporaryDirectory directory;
  Gate gate(directory / "gate");
  const Site site(
      {application("gated_stream"), "--env", "test.gate=" + gate.path()});
  HttpClient client(site.nginx.port());
  client.send(http_request("GET", "/"));
  CHECK(client.read_until("first\n"));
  // The application stands at the gate: no second chunk has been made.
  gate.await_reader();
  CHECK_THAT(client.received(), !Contains("second"));
  gate.open();
  CHECK(client.read_until("second\n"));
}

TEST_CASE("a client that leaves nginx leads to close() within a second",
          "[nginx]") {
  if (missing("nginx", "nginx-light")) return;
  const TemporaryDirectory directory;
  const std::string mark = directory / "mark";
  const Site site(
      {application("endless_stream"), "--env", "test.mark=" + mark});
  {
    HttpClient client(site.nginx.port());
    client.send(http_request("GET", "/"));
    REQUIRE(client.read_until("xxxx"));
    REQUIRE(!std::filesystem::exists(mark));
  }
  CHECK(wait_until([&] { return std::filesystem::exists(mark); }, 1s));
}

TEST_CASE("a response that is cut short is seen to be, however nginx is set",
          "[nginx]") {
  if (missing("nginx", "nginx-light")) return;
  const std::string app =
      GENERATE(as<std::string>(), "cut_with_length", "cut_without_length");
  const std::string keep = GENERATE(as<std::string>(), "on", "off");
  const std::string buffering = GENERATE(as<std::string>(), "on", "off");
  CAPTURE(app, keep, buffering);
  const Site site(
      {application(app)}, "",
      {{"fastcgi_keep_conn on", "fastcgi_keep_conn " + keep},
       {"fastcgi_buffering off", "fastcgi_buffering " + buffering}});
  const HttpResponse response = http_get(site.nginx.port(), "/");
  CHECK(!response.complete);
}

TEST_CASE("nginx keeps its connections to decant", "[nginx]") {
  if (missing("nginx", "nginx-light")) return;
  const Site site({plugin("hello")});
  const std::size_t before = open_descriptors(site.service.pid());
  for (int i = 0; i < 40; ++i) {
    REQUIRE(http_get(site.nginx.port(), "/").body == hello_text);
  }
  // One connection per worker of nginx at most, out of 16 it may keep.
  const std::size_t connections = open_descriptors(site.service.pid()) - before;
  CHECK(connections >= 1);
  CHECK(connections <= std::thread::hardware_concurrency());
}

TEST_CASE("an upload passes through nginx whole", "[nginx]") {
  if (missing("nginx", "nginx-light")) return;
  const Site site({plugin("upload")});
  const std::string body(3'000'000, 'u');
  HttpClient client(site.nginx.port());
  client.send(http_request("POST", "/", body));
  CHECK_THAT(client.receive().body, Contains("3000000 bytes, fnv1a "));
}

TEST_CASE("what an application complains of does not crowd out the head",
          "[nginx]") {
  if (missing("nginx", "nginx-light")) return;
  const std::string engine = GENERATE("records", "libfcgi");
  CAPTURE(engine);
  const Site site({application("complaining"), "--errors-to-server", "--engine",
                   engine, "--threads", "1"});
  HttpClient client(site.nginx.port());
  for (int size = 3900; size < 4200; size += 5) {
    CAPTURE(size);
    client.send(http_request("GET", "/?" + std::to_string(size)));
    REQUIRE(client.receive().status == 200);
  }
}
