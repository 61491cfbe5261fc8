// SPDX-License-Identifier: MIT
// Apache: cgi-bin by mod_cgid, services by mod_proxy_fcgi and mod_fcgid, with
// the configurations of examples/.
#include "integration/fixtures.hpp"
#include "integration/web_server.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace decant::test;
using Catch::Matchers::Contains;

namespace {

/// Apache with a cgi-bin that holds hello and one script per application.
struct CgiSite {
  CgiSite()
      : apache(start_apache(
            directory, {"alias", "cgid"},
            "ScriptSock " + directory / "cgid.sock" + "\n" +
                example("apache-cgi.conf",
                        {{"/usr/lib/cgi-bin", make_cgi_bin(directory)}}))) {}

  HttpResponse ask(const std::string& request) const {
    HttpClient client(apache.port());
    client.send(request);
    return client.receive();
  }

  TemporaryDirectory directory;
  WebServer apache;
};

const std::string chunked_body =
    "6\r\nfirst \r\n10\r\nand second chunk\r\n0\r\n\r\n";

}  // namespace

TEST_CASE("the hello binary answers from Apache's cgi-bin", "[apache]") {
  if (missing("apache2", "apache2")) return;
  const CgiSite site;
  const HttpResponse response =
      site.ask(http_request("GET", "/cgi-bin/hello/path?query"));
  CHECK(response.status == 200);
  CHECK(response.body == "Hello world!\n");
}

TEST_CASE(
    "Apache's cgi-bin: the variables and the Authorization header "
    "arrive",
    "[apache]") {
  if (missing("apache2", "apache2")) return;
  const CgiSite site;
  const HttpResponse response =
      site.ask(http_request("GET", "/cgi-bin/environ/a%20b?q=1", "",
                            {{"Authorization", "Basic Zm9v"}}));
  CHECK_THAT(response.body, Contains("SCRIPT_NAME=/cgi-bin/environ\n") &&
                                Contains("PATH_INFO=/a b\n") &&
                                Contains("QUERY_STRING=q=1\n") &&
                                Contains("HTTP_AUTHORIZATION=Basic Zm9v\n"));
}

TEST_CASE("Apache's cgi-bin: a query is not taken for a command line",
          "[apache]") {
  if (missing("apache2", "apache2")) return;
  const CgiSite site;
  const HttpResponse response =
      site.ask(http_request("GET", "/cgi-bin/hello?--help"));
  CHECK(response.status == 200);
  CHECK(response.body == "Hello world!\n");
}

TEST_CASE("Apache's cgi-bin: a chunked body is read to its end", "[apache]") {
  if (missing("apache2", "apache2")) return;
  const CgiSite site;
  const HttpResponse response =
      site.ask(http_request("POST", "/cgi-bin/echo", "",
                            {{"Transfer-Encoding", "chunked"}}) +
               chunked_body);
  CHECK(response.status == 200);
  CHECK(response.body == "first and second chunk");
}

TEST_CASE(
    "Apache's cgi-bin: a large body that nobody reads does not lose the "
    "response",
    "[apache]") {
  if (missing("apache2", "apache2")) return;
  const CgiSite site;
  const HttpResponse response = site.ask(
      http_request("POST", "/cgi-bin/unread", std::string(2 << 20, 'x')));
  CHECK(response.status == 200);
  CHECK(response.body == "not read\n");
}

TEST_CASE("an application answers behind Apache's mod_proxy_fcgi", "[apache]") {
  if (missing("apache2", "apache2")) return;
  const TemporaryDirectory directory;
  const Service service({application("environ"), "--script-name", "/app"},
                        "unix:" + directory / "s");
  const WebServer apache =
      start_apache(directory, {"proxy", "proxy_fcgi"},
                   example("apache-fcgi.conf",
                           {{"/run/decant/hello.sock", directory / "s"}}));
  HttpClient client(apache.port());
  client.send(http_request("GET", "/app/page?q=1", "",
                           {{"Authorization", "Basic Zm9v"}}));
  const HttpResponse response = client.receive();
  CHECK(response.status == 200);
  CHECK_THAT(response.body, Contains("SCRIPT_NAME=/app\n") &&
                                Contains("PATH_INFO=/page\n") &&
                                Contains("HTTP_AUTHORIZATION=Basic Zm9v\n"));
}

TEST_CASE(
    "a response of unknown length that is cut short is seen to be, "
    "behind mod_proxy_fcgi",
    "[apache]") {
  if (missing("apache2", "apache2")) return;
  const TemporaryDirectory directory;
  const Service service({application("cut_without_length")},
                        "unix:" + directory / "s");
  const WebServer apache =
      start_apache(directory, {"proxy", "proxy_fcgi"},
                   example("apache-fcgi.conf",
                           {{"/run/decant/hello.sock", directory / "s"}}));
  const HttpResponse response = http_get(apache.port(), "/app");
  CHECK(response.body == "the beginning\n");
  CHECK(!response.complete);
}

TEST_CASE("the hello binary answers when Apache's mod_fcgid starts it",
          "[fcgid]") {
  if (missing("apache2", "apache2") ||
      missing_file("/usr/lib/apache2/modules/mod_fcgid.so",
                   "libapache2-mod-fcgid")) {
    return;
  }
  const TemporaryDirectory directory;
  const std::string programs = copy_programs(directory);
  const bool is_hello = GENERATE(true, false);
  const std::string command =
      programs + (is_hello
                      ? "/hello"
                      : "/decant " + programs + "/applications.so:environ");
  const WebServer apache = start_apache(
      directory, {"alias", "fcgid"},
      "FcgidIPCDir " + directory / "ipc" + "\nFcgidProcessTableFile " +
          directory / "table" + "\n" +
          example("apache-fcgi.conf", {{"/usr/lib/decant/hello", command}}));
  const HttpResponse response = http_get(apache.port(), "/fcgid/page?q=1");
  CHECK(response.status == 200);
  if (is_hello) {
    CHECK(response.body == "Hello world!\n");
  } else {
    CHECK_THAT(response.body, Contains("SCRIPT_NAME=/fcgid\n") &&
                                  Contains("PATH_INFO=/page\n"));
  }
}
