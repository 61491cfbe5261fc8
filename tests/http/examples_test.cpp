// SPDX-License-Identifier: MIT
// The examples for web servers that speak SCGI, uwsgi and HTTP to decant.
#include <string>

#include "integration/fixtures.hpp"
#include "integration/web_server.hpp"
#include "support/catch.hpp"
#include "support/http_client.hpp"
#include "support/ports.hpp"

using namespace decant::test;
using Catch::Matchers::Contains;

namespace {

/// A request with a body to `path`, by way of a web server.
std::string answer(std::uint16_t port, const std::string& path) {
  HttpClient client(port);
  client.send(http_request("POST", path, "hello", {{"X-A", "b"}}));
  const HttpResponse response = client.receive();
  CHECK(response.status == 200);
  CHECK(response.complete);
  CHECK_THAT(response.body,
             Contains("body=hello\n") && Contains("HTTP_X_A=b\n"));
  return response.body;
}

}  // namespace

TEST_CASE("the examples for nginx by SCGI, uwsgi and HTTP", "[http-examples]") {
  if (missing("nginx", "nginx-light")) return;
  for (const std::string protocol : {"scgi", "uwsgi", "http"}) {
    CAPTURE(protocol);
    const TemporaryDirectory directory;
    let_all_enter(directory);
    Words words = {application("http_echo")};
    if (protocol == "http") {
      words.insert(words.end(), {"--forwarded-allow", "unix"});
    }
    const Service service(words, "unix:" + directory / "s", protocol);
    const WebServer nginx = start_nginx(directory, service.endpoint(), {},
                                        "nginx-" + protocol + ".conf");
    const std::string body = answer(nginx.port(), "/a%20b?c");
    CHECK_THAT(body, Contains("path=/a b\n") && Contains("query=c\n") &&
                         Contains("uri=/a%20b?c\n") &&
                         Contains("REMOTE_ADDR=127.0.0.1\n"));
  }
}

TEST_CASE("a client's own X-Forwarded-For does not pass nginx's example",
          "[http-examples]") {
  if (missing("nginx", "nginx-light")) return;
  const TemporaryDirectory directory;
  let_all_enter(directory);
  const Service service({application("http_echo"), "--forwarded-allow", "unix"},
                        "unix:" + directory / "s", "http");
  const WebServer nginx =
      start_nginx(directory, service.endpoint(), {}, "nginx-http.conf");
  HttpClient client(nginx.port());
  client.send(http_request("GET", "/", "",
                           {{"X-Forwarded-For", "192.0.2.1"},
                            {"X-Forwarded-Host", "evil.test"},
                            {"X-Forwarded-Prefix", "/evil"},
                            {"Forwarded", "for=192.0.2.2;proto=https"}}));
  const std::string body = client.receive().body;
  CHECK_THAT(body, Contains("REMOTE_ADDR=127.0.0.1\n") &&
                       Contains("SCRIPT_NAME=\n") && Contains("scheme=http\n"));
  CHECK(body.find("evil") == std::string::npos);
}

TEST_CASE("the example for Apache's mod_proxy_uwsgi", "[http-examples]") {
  if (missing("apache2", "apache2")) return;
  const TemporaryDirectory directory;
  const Service service({application("http_echo")}, "127.0.0.1:0", "uwsgi");
  const WebServer apache =
      start_apache(directory, {"proxy", "proxy_uwsgi"},
                   example("apache-proxy-uwsgi.conf",
                           {{"\"uwsgi://127.0.0.1:9000/\"",
                             "\"uwsgi://" + service.endpoint() + "/\""}}));
  const std::string body = answer(apache.port(), "/app/a%20b?c");
  CHECK_THAT(body, Contains("SCRIPT_NAME=/app\n") && Contains("path=/a b\n") &&
                       Contains("query=c\n"));
}

TEST_CASE("the example for lighttpd's mod_scgi", "[http-examples]") {
  if (missing("lighttpd", "lighttpd")) return;
  const TemporaryDirectory directory;
  const Service service({application("http_echo")}, "unix:" + directory / "s",
                        "scgi");
  const WebServer lighttpd =
      start_lighttpd(directory, "lighttpd-scgi.conf",
                     {{"/run/decant/hello.sock", directory / "s"}});
  const std::string body = answer(lighttpd.port(), "/app/a%20b?c");
  CHECK_THAT(body, Contains("SCRIPT_NAME=/app\n") && Contains("path=/a b\n") &&
                       Contains("query=c\n"));
}

TEST_CASE("the example for HAProxy with the PROXY protocol",
          "[http-examples]") {
  if (missing("haproxy", "haproxy")) return;
  const TemporaryDirectory directory;
  const Service service({application("http_echo"), "--proxy-protocol"},
                        "127.0.0.1:0", "http");
  const std::uint16_t port = free_port();
  const std::string configuration = directory.write(
      "haproxy.cfg",
      example(
          "haproxy.cfg",
          {{"bind 127.0.0.1:8080", "bind 127.0.0.1:" + std::to_string(port)},
           {"hello 127.0.0.1:8000", "hello " + service.endpoint()}}));
  const WebServer haproxy({find_tool("haproxy"), "-q", "-f", configuration},
                          port);
  const std::string body = answer(port, "/a%20b?c");
  CHECK_THAT(body,
             Contains("REMOTE_ADDR=127.0.0.1\n") && Contains("path=/a b\n"));
  // Without the header nobody is served.
  HttpClient stranger(service.endpoint());
  stranger.send(http_request("GET", "/"));
  CHECK(stranger.wait_for_end());
  CHECK(stranger.received().empty());
}

TEST_CASE("the example of a server in C++", "[http-examples]") {
  const std::string port = std::to_string(free_port());
  const Service service(
      {.words = {std::string(DECANT_EXAMPLES) + "/http_server"},
       .environment = {{"PORT", port}}});
  CHECK(service.endpoint() == "0.0.0.0:" + port);
  HttpClient client("127.0.0.1:" + port);
  client.send(http_request("GET", "/"));
  CHECK(client.receive().body == "Hello world!\n");
}

TEST_CASE("who the client is", "[http-examples]") {
  const TemporaryDirectory directory;
  const Service service(
      {application("http_echo"), "--forwarded-allow", "127.0.0.0/8",
       "--forwarded-allow", "10.0.0.0/8", "--forwarded-allow", "fd00::/8"},
      "127.0.0.1:0", "http");
  struct Row {
    const char* lines;
    const char* holds;
  };
  const auto ask = [&](const std::string& lines) {
    HttpClient client(service.endpoint());
    client.send("GET / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n");
    return client.receive().body;
  };
  for (const Row& row : {
           Row{"", "REMOTE_ADDR=127.0.0.1\n"},
           Row{"X-Forwarded-For: 192.0.2.1\r\n", "REMOTE_ADDR=192.0.2.1\n"},
           Row{"X-Forwarded-For: 192.0.2.9, 192.0.2.1\r\n",
               "REMOTE_ADDR=192.0.2.1\n"},
           Row{"X-Forwarded-For: 192.0.2.1, 10.1.2.3\r\n",
               "REMOTE_ADDR=192.0.2.1\n"},
           Row{"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 10.1.2.3\r\n",
               "REMOTE_ADDR=192.0.2.1\n"},
           Row{"X-Forwarded-For: 192.0.2.1:80\r\n", "REMOTE_ADDR=192.0.2.1\n"},
           Row{"X-Forwarded-For: [2001:db8::1]:80\r\n",
               "REMOTE_ADDR=2001:db8::1\n"},
           Row{"X-Forwarded-For: \"[2001:db8::1]\"\r\n",
               "REMOTE_ADDR=2001:db8::1\n"},
           Row{"X-Forwarded-For: 192.0.2.1, unknown\r\n",
               "REMOTE_ADDR=127.0.0.1\n"},
           Row{"X-Forwarded-For: 192.0.2.1, unknown, 10.1.2.3\r\n",
               "REMOTE_ADDR=10.1.2.3\n"},
           Row{"X-Forwarded-For: 192.0.2.1,\r\n", "REMOTE_ADDR=127.0.0.1\n"},
           Row{"X-Forwarded-For: <script>\r\n", "REMOTE_ADDR=127.0.0.1\n"},
           Row{"X-Forwarded-Proto: https\r\n", "scheme=https\n"},
           Row{"X-Forwarded-Proto: https\r\n", "SERVER_PORT=443\n"},
           Row{"X-Forwarded-Proto: javascript\r\n", "scheme=http\n"},
           Row{"X-Forwarded-Host: a.test:81\r\n", "host=a.test:81\n"},
           Row{"X-Forwarded-Host: a/b\r\n", "host=h\n"},
           Row{"X-Forwarded-Prefix: /app/\r\n", "SCRIPT_NAME=/app\n"},
           Row{"X-Forwarded-Prefix: //evil.test\r\n", "SCRIPT_NAME=\n"},
           Row{"Forwarded: for=192.0.2.1;proto=https;host=a.test\r\n",
               "REMOTE_ADDR=192.0.2.1\n"},
           Row{"Forwarded: for=\"[2001:db8::1]:80\"\r\n",
               "REMOTE_ADDR=2001:db8::1\n"},
           Row{"Forwarded: for=_hidden\r\n", "REMOTE_ADDR=127.0.0.1\n"},
           Row{"Forwarded: for=192.0.2.1\r\nX-Forwarded-Proto: https\r\n",
               "REMOTE_ADDR=127.0.0.1\n"},
       }) {
    CAPTURE(row.lines);
    CHECK_THAT(ask(row.lines), Contains(row.holds));
  }
  const Service nobody({application("http_echo")}, "127.0.0.1:0", "http");
  HttpClient client(nobody.endpoint());
  client.send(http_request(
      "GET", "/", "",
      {{"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-Proto", "https"}}));
  CHECK_THAT(client.receive().body,
             Contains("REMOTE_ADDR=127.0.0.1\n") && Contains("scheme=http\n"));
}
