// SPDX-License-Identifier: MIT
// One request, by every door and through every web server: the application
// finds the same environ, but for what is named here.
#include <algorithm>
#include <map>
#include <string>

#include "integration/fixtures.hpp"
#include "integration/web_server.hpp"
#include "support/catch.hpp"

using namespace decant::test;

namespace {

using Found = std::map<std::string, std::string>;

const std::string a_post =
    "POST /app/a%20b/%C3%A9?c=d%20e&f HTTP/1.1\r\nHost: site.test\r\n"
    "User-Agent: test/1\r\nAccept: text/html, */*;q=0.1\r\n"
    "Accept-Language: en\r\nCookie: a=b; c=d\r\n"
    "Authorization: Basic YTpi\r\nX-Custom-Field: some value\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n\r\nhello";

Found ask(std::uint16_t port) {
  HttpClient client(port);
  client.send(a_post);
  const HttpResponse response = client.receive();
  CHECK(response.status == 200);
  Found found;
  std::string_view rest = response.body;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const std::size_t equals = line.find('=');
    found.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  // Whatever port the test has chosen.
  if (found["SERVER_PORT"] == std::to_string(port)) {
    found["SERVER_PORT"] = "the port";
  }
  if (found.contains("REMOTE_PORT")) found["REMOTE_PORT"] = "some port";
  return found;
}

std::uint16_t port_of(const std::string& endpoint) {
  return static_cast<std::uint16_t>(
      std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
}

/// Where the environ by a web server may differ from that by HTTP, and why.
struct Exception {
  std::string reason;
  std::vector<std::string> variables;
};

const Exception its_files{
    "the web server tells of its own files",
    {"DOCUMENT_ROOT", "DOCUMENT_URI", "SCRIPT_FILENAME", "PATH_TRANSLATED",
     "CONTEXT_DOCUMENT_ROOT", "CONTEXT_PREFIX", "PATH"}};
const Exception itself{
    "the web server tells of itself, and knows the names of its hosts",
    {"SERVER_ADDR", "SERVER_ADMIN", "SERVER_NAME", "SERVER_SIGNATURE",
     "SERVER_SOFTWARE"}};
const Exception for_others{"for PHP, and for who does not read Authorization",
                           {"REDIRECT_STATUS", "REMOTE_USER"}};
const Exception protocol_itself{"the protocol says its name",
                                {"FCGI_ROLE", "SCGI"}};
const Exception mounted{"its example mounts the application at /app",
                        {"SCRIPT_NAME", "PATH_INFO"}};
const Exception in_between{
    "HTTP carries neither the client's port nor the server's name and port; "
    "the proxy says scheme and client in fields of its own",
    {"REMOTE_PORT", "SERVER_NAME", "SERVER_PORT", "HTTP_X_FORWARDED_PROTO",
     "HTTP_X_FORWARDED_FOR"}};
const Exception no_cgi{"nginx's parameters for it do not say CGI",
                       {"GATEWAY_INTERFACE"}};
const Exception port_of_host{"Apache takes it from Host, which has none",
                             {"SERVER_PORT"}};

void compare(const Found& expected, const Found& found,
             const std::vector<Exception>& exceptions) {
  Found names = expected;
  names.insert(found.begin(), found.end());
  for (const auto& [name, value] : names) {
    const auto value_in = [&name = name](const Found& all) {
      const auto at = all.find(name);
      return at == all.end() ? std::string("(absent)") : at->second;
    };
    const bool differs = value_in(expected) != value_in(found);
    const bool may =
        std::any_of(exceptions.begin(), exceptions.end(),
                    [&name = name](const Exception& it) {
                      return std::find(it.variables.begin(), it.variables.end(),
                                       name) != it.variables.end();
                    });
    if (!differs || may) continue;
    CAPTURE(name, value_in(expected), value_in(found));
    CHECK(!differs);
  }
}

}  // namespace

TEST_CASE("the environ is the same by every door", "[http-environ]") {
  const TemporaryDirectory directory;
  let_all_enter(directory);
  const Service http({application("environ")}, "127.0.0.1:0", "http");
  const Found expected = ask(port_of(http.endpoint()));
  CHECK(expected.at("PATH_INFO") == "/app/a b/\xC3\xA9");

  SECTION("nginx") {
    if (missing("nginx", "nginx-light")) return;
    for (const std::string protocol : {"fcgi", "scgi", "uwsgi", "http"}) {
      CAPTURE(protocol);
      Words words = {application("environ")};
      if (protocol == "http") {
        words.insert(words.end(), {"--forwarded-allow", "unix"});
      }
      const Service service(words, "unix:" + directory / protocol, protocol);
      const TemporaryDirectory files;
      const WebServer nginx = start_nginx(
          files, service.endpoint(), {},
          protocol == "fcgi" ? "nginx.conf" : "nginx-" + protocol + ".conf");
      compare(expected, ask(nginx.port()),
              protocol == "http" ? std::vector{in_between}
                                 : std::vector{its_files, itself, for_others,
                                               protocol_itself, no_cgi});
    }
  }
  SECTION("Apache by uwsgi") {
    if (missing("apache2", "apache2")) return;
    const Service service({application("environ")}, "127.0.0.1:0", "uwsgi");
    const WebServer apache =
        start_apache(directory, {"proxy", "proxy_uwsgi"},
                     example("apache-proxy-uwsgi.conf",
                             {{"\"uwsgi://127.0.0.1:9000/\"",
                               "\"uwsgi://" + service.endpoint() + "/\""}}));
    compare(expected, ask(apache.port()),
            {its_files, itself, mounted, port_of_host});
  }
  SECTION("lighttpd by SCGI") {
    if (missing("lighttpd", "lighttpd")) return;
    const Service service({application("environ")}, "unix:" + directory / "s",
                          "scgi");
    const WebServer lighttpd =
        start_lighttpd(directory, "lighttpd-scgi.conf",
                       {{"/run/decant/hello.sock", directory / "s"}});
    compare(expected, ask(lighttpd.port()),
            {its_files, itself, for_others, protocol_itself, mounted});
  }
}
