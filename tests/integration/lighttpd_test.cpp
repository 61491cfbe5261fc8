// SPDX-License-Identifier: MIT
// lighttpd: cgi-bin by mod_cgi and services by mod_fastcgi, with the
// configurations of examples/.
#include <filesystem>
#include <fstream>

#include "integration/fixtures.hpp"
#include "integration/web_server.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace decant::test;
using Catch::Matchers::Contains;

TEST_CASE("the hello binary answers from lighttpd's cgi-bin", "[lighttpd]") {
  if (missing("lighttpd", "lighttpd")) return;
  const TemporaryDirectory directory;
  const WebServer lighttpd =
      start_lighttpd(directory, "lighttpd-cgi.conf",
                     {{"/usr/lib/cgi-bin", make_cgi_bin(directory)}});
  const HttpResponse hello =
      http_get(lighttpd.port(), "/cgi-bin/hello/path?query");
  CHECK(hello.status == 200);
  CHECK(hello.body == "Hello world!\n");
  const HttpResponse variables =
      http_get(lighttpd.port(), "/cgi-bin/environ/a%20b?q=1");
  CHECK_THAT(variables.body, Contains("SCRIPT_NAME=/cgi-bin/environ\n") &&
                                 Contains("PATH_INFO=/a b\n") &&
                                 Contains("QUERY_STRING=q=1\n"));
}

TEST_CASE(
    "lighttpd's cgi-bin: a body is read, and one that is not read does "
    "not lose the response",
    "[lighttpd]") {
  if (missing("lighttpd", "lighttpd")) return;
  const TemporaryDirectory directory;
  const WebServer lighttpd =
      start_lighttpd(directory, "lighttpd-cgi.conf",
                     {{"/usr/lib/cgi-bin", make_cgi_bin(directory)}});
  const std::string body(1 << 20, 'b');
  HttpClient reads(lighttpd.port());
  reads.send(http_request("POST", "/cgi-bin/echo", body));
  CHECK(reads.receive().body == body);
  HttpClient leaves(lighttpd.port());
  leaves.send(http_request("POST", "/cgi-bin/unread", body));
  CHECK(leaves.receive().body == "not read\n");
}

TEST_CASE("an application answers behind lighttpd's mod_fastcgi",
          "[lighttpd]") {
  if (missing("lighttpd", "lighttpd")) return;
  const TemporaryDirectory directory;
  const Service service({application("environ")}, "unix:" + directory / "s");
  const WebServer lighttpd =
      start_lighttpd(directory, "lighttpd-fastcgi.conf",
                     {{"/run/decant/hello.sock", directory / "s"},
                      {"/run/lighttpd/spawned.sock", directory / "spawned"},
                      {"/usr/lib/decant/hello", hello_binary()}});
  const HttpResponse response = http_get(lighttpd.port(), "/app/page?q=1");
  CHECK(response.status == 200);
  CHECK_THAT(response.body,
             Contains("SCRIPT_NAME=/app\n") && Contains("PATH_INFO=/page\n"));
}

TEST_CASE("the hello binary answers when lighttpd starts it", "[lighttpd]") {
  if (missing("lighttpd", "lighttpd")) return;
  const TemporaryDirectory directory;
  const WebServer lighttpd =
      start_lighttpd(directory, "lighttpd-fastcgi.conf",
                     {{"/run/decant/hello.sock", directory / "s"},
                      {"/run/lighttpd/spawned.sock", directory / "spawned"},
                      {"/usr/lib/decant/hello", hello_binary()}});
  const HttpResponse response = http_get(lighttpd.port(), "/spawned");
  CHECK(response.status == 200);
  CHECK(response.body == "Hello world!\n");
}

TEST_CASE("an authorizer lets lighttpd serve a file", "[lighttpd]") {
  if (missing("lighttpd", "lighttpd")) return;
  for (const char* const engine : {"records", "libfcgi"}) {
    CAPTURE(engine);
    const TemporaryDirectory directory;
    std::filesystem::create_directories(directory / "private");
    std::ofstream(directory / "private/treasure.txt") << "forty jars\n";
    const Service service({plugin("authorizer"), "--engine", engine, "--roles",
                           "responder,authorizer"},
                          "unix:" + directory / "s");
    const WebServer lighttpd =
        start_lighttpd(directory, "lighttpd-authorizer.conf",
                       {{"/run/decant/authorizer.sock", directory / "s"}});
    const HttpResponse stranger =
        http_get(lighttpd.port(), "/private/treasure.txt");
    CHECK(stranger.status == 401);
    CHECK_THAT(stranger.body, Contains("Say the word."));
    HttpClient friendly(lighttpd.port());
    friendly.send(http_request("GET", "/private/treasure.txt", "",
                               {{"Authorization", "Bearer open-sesame"}}));
    const HttpResponse response = friendly.receive();
    CHECK(response.status == 200);
    CHECK(response.body == "forty jars\n");
  }
}
