// SPDX-License-Identifier: MIT
// The same programs run by Apache's own mod_cgid and by decant behind the same
// Apache: a client sees no difference.
#include <algorithm>
#include <filesystem>

#include "integration/fixtures.hpp"
#include "integration/web_server.hpp"
#include "support/catch.hpp"
#include "support/script.hpp"

using namespace decant::test;
namespace fs = std::filesystem;

namespace {

/// One cgi-bin behind two Apaches.
struct Sites {
  Sites()
      : service({"program:" + make_programs(), "--script-name", "/cgi-bin"},
                "unix:" + directory / "s"),
        theirs(start_apache(
            theirs_directory, {"alias", "cgid"},
            "ScriptSock " + theirs_directory / "cgid.sock" + "\n" +
                example("apache-cgi.conf",
                        {{"/usr/lib/cgi-bin/", make_programs()}}))),
        ours(start_apache(
            ours_directory, {"proxy", "proxy_fcgi"},
            "ProxyPass /cgi-bin/ \"unix:" + directory / "s" +
                "|fcgi://localhost/cgi-bin/\"\nProxyFCGIBackendType GENERIC\n"
                "<Location /cgi-bin/>\nCGIPassAuth On\n</Location>\n")) {}

  std::string make_programs() const {
    let_all_enter(directory);
    if (!fs::exists(directory / "bin")) {
      fs::create_directory(directory / "bin");
      const auto write = [this](const std::string& name, const char* text) {
        write_script(directory, "bin/" + name, text);
      };
      write("variables",
            "printf 'Content-Type: text/plain\\n\\n'\n"
            "env | grep -E '^(AUTH_TYPE|CONTENT_|GATEWAY_|PATH_INFO|QUERY|"
            "REQUEST_|SCRIPT_|SERVER_PROTOCOL|SERVER_NAME|HTTP_)' | sort\n"
            "pwd");
      write("echo", "printf 'Content-Type: x/y\\n\\n'; exec cat");
      write("status",
            "printf 'Status: 418 Short and Stout\\nX-A: 1\\nX-A: 2\\n"
            "Content-Type: text/plain\\n\\nteapot'");
      write("redirect",
            "printf 'Status: 302 Found\\nLocation: "
            "http://elsewhere.test/\\n\\n'");
      write("length",
            "printf 'Content-Length: 4\\nContent-Type: a/b\\n\\nfour'");
      write("empty", "printf 'Content-Type: text/plain\\n\\n'");
      write("nothing", "printf 'Status: 204 No Content\\n\\n'");
      write("large", "printf 'Content-Type: text/plain\\n\\n'; seq 100000");
      write("fails", "printf 'Content-Type: text/plain\\n\\npart'; exit 1");
    }
    return directory / "bin/";
  }

  TemporaryDirectory directory;
  TemporaryDirectory theirs_directory;
  TemporaryDirectory ours_directory;
  Service service;
  WebServer theirs;
  WebServer ours;
};

/// What a client compares: without the date, and without how the two Apaches
/// keep their connections and mark the end of a response (mod_proxy_fcgi passes
/// no length on).
std::string seen(const WebServer& server, const std::string& request,
                 bool to_head) {
  HttpClient client(server.port());
  client.send(request);
  HttpResponse response = client.receive(to_head);
  std::string text = response.status_line + '\n';
  std::vector<std::string> lines;
  for (const auto& [name, value] : response.headers) {
    if (name == "Date" || name == "Connection" || name == "Keep-Alive" ||
        name == "Server" || name == "Transfer-Encoding" ||
        name == "Content-Length") {
      continue;
    }
    lines.push_back(name + ": " + value + '\n');
  }
  std::sort(lines.begin(), lines.end());
  for (const std::string& line : lines) text += line;
  return text + (response.complete ? "" : "cut short\n") + '\n' + response.body;
}

}  // namespace

TEST_CASE("a program behind mod_cgid and behind decant gives the same",
          "[program-apache]") {
  if (missing("apache2", "apache2")) return;
  const Sites sites;
  const decant::Headers headers = {{"X-Test", "1"},
                                   {"Cookie", "a=b"},
                                   {"Authorization", "Basic Zm9v"},
                                   {"Host", "site.test"}};
  for (const char* const target :
       {"/cgi-bin/variables", "/cgi-bin/variables/a%20b/c?q=1&r=%20",
        "/cgi-bin/variables?word+word", "/cgi-bin/status", "/cgi-bin/redirect",
        "/cgi-bin/length", "/cgi-bin/empty", "/cgi-bin/nothing",
        "/cgi-bin/large", "/cgi-bin/fails"}) {
    CAPTURE(target);
    for (const char* const method : {"GET", "HEAD", "DELETE"}) {
      CAPTURE(method);
      const bool to_head = std::string_view(method) == "HEAD";
      const std::string request = http_request(method, target, "", headers);
      CHECK(seen(sites.ours, request, to_head) ==
            seen(sites.theirs, request, to_head));
    }
  }
  const std::string posted =
      http_request("POST", "/cgi-bin/echo/x", std::string(300'000, 'p'),
                   {{"Content-Type", "text/x"}});
  CHECK(seen(sites.ours, posted, false) == seen(sites.theirs, posted, false));
}
