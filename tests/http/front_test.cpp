// SPDX-License-Identifier: MIT
// Requests that are to be smuggled through a proxy: whatever it lets pass,
// decant sees the requests that the proxy meant, and no other.
#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "http/cases.hpp"
#include "integration/fixtures.hpp"
#include "integration/web_server.hpp"
#include "support/catch.hpp"
#include "support/http_client.hpp"
#include "support/ports.hpp"

using namespace decant::test;
using namespace std::chrono_literals;
using Catch::Matchers::Equals;

namespace {

using Targets = std::vector<std::string>;

/// The targets in the lines of an access log: what stands second between the
/// first quotes.
Targets logged_targets(const std::string& file) {
  Targets targets;
  std::string text = read_file(file);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    const std::size_t quote = line.find('"');
    const std::size_t space = line.find(' ', quote);
    if (line.find('"', quote + 1) < space) continue;  // what was no request
    const std::size_t last = line.find(' ', space + 1);
    if (quote == std::string::npos || space == std::string::npos ||
        last == std::string::npos) {
      continue;
    }
    targets.push_back(line.substr(space + 1, last - space - 1));
  }
  return targets;
}

/// The rows about framing, each under a target of its own and with a request
/// behind it that is its own only if the row ends where it seems to.
std::vector<std::string> attempts() {
  std::vector<std::string> all;
  for (const auto& rows : {http::framing_cases(), http::chunk_cases()}) {
    for (const http::HttpCase& row : rows) {
      std::string bytes = row.bytes;
      const std::string mark = std::to_string(all.size());
      const std::size_t target = bytes.find(" / ");
      if (target == std::string::npos) continue;
      bytes.replace(target, 3, " /case-" + mark + ' ');
      all.push_back(bytes + "GET /behind-" + mark +
                    " HTTP/1.1\r\nHost: h\r\n\r\n");
    }
  }
  return all;
}

std::string shown(const Targets& targets) {
  std::string text;
  for (const std::string& target : targets) text += ' ' + target;
  return text;
}

/// Plays every attempt through the proxy on `port`; gives what decant saw and
/// the proxy did not mean.
std::string smuggled(std::uint16_t port, const std::string& front_log,
                     const std::string& own_log) {
  const std::vector<std::string> all = attempts();
  CHECK(all.size() >= 60);
  for (const std::string& bytes : all) {
    HttpClient client(port);
    client.send(bytes);
    client.finish_sending();
    client.wait_for_end(Milliseconds(100));
  }
  const HttpResponse marker = http_get(port, "/marker");
  CHECK(marker.status == 200);
  CHECK(marker.body.find("path=/marker\n") != std::string::npos);
  const auto is_logged = [](const std::string& file) {
    const Targets targets = logged_targets(file);
    return std::find(targets.begin(), targets.end(), "/marker") !=
           targets.end();
  };
  CHECK(wait_until([&] { return is_logged(front_log) && is_logged(own_log); }));
  const Targets own = logged_targets(own_log);
  const Targets meant = logged_targets(front_log);
  Targets strangers;
  for (const std::string& target : own) {
    const auto times = [&target](const Targets& targets) {
      return std::count(targets.begin(), targets.end(), target);
    };
    if (times(own) > times(meant)) strangers.push_back(target);
  }
  std::cout << own.size() << " of " << meant.size()
            << " requests of the proxy reached decant\n";
  return shown(strangers);
}

Service backend(const TemporaryDirectory& directory,
                const std::string& endpoint) {
  return Service({application("http_echo"), "--processes", "0", "--access-log",
                  directory / "own.log"},
                 endpoint, "http");
}

}  // namespace

TEST_CASE("nothing is smuggled through nginx", "[http-fronts]") {
  if (find_tool("nginx").empty()) {
    std::cout << "skipped: nginx is not installed\n";
    return;
  }
  const TemporaryDirectory directory;
  let_all_enter(directory);
  const Service service = backend(directory, "unix:" + directory / "s");
  const WebServer nginx =
      start_nginx(directory, service.endpoint(), {}, "nginx-http.conf");
  CHECK_THAT(
      smuggled(nginx.port(), directory / "access.log", directory / "own.log"),
      Equals(""));
}

TEST_CASE("nothing is smuggled through HAProxy", "[http-fronts]") {
  const std::string haproxy = find_tool("haproxy");
  if (haproxy.empty()) {
    std::cout << "skipped: haproxy is not installed\n";
    return;
  }
  const TemporaryDirectory directory;
  const Service service = backend(directory, "127.0.0.1:0");
  const std::uint16_t port = free_port();
  const std::string configuration = directory.write(
      "haproxy.cfg",
      "global\n  log stdout format raw local0\ndefaults\n  mode http\n"
      "  log global\n  option httplog\n  timeout connect 5s\n"
      "  timeout client 5s\n  timeout server 5s\nlisten decant\n"
      "  bind 127.0.0.1:" +
          std::to_string(port) + "\n  server decant " + service.endpoint() +
          "\n");
  const WebServer front({"/bin/sh", "-c", "exec \"$0\" -f \"$1\" >\"$2\"",
                         haproxy, configuration, directory / "front.log"},
                        port);
  CHECK_THAT(smuggled(port, directory / "front.log", directory / "own.log"),
             Equals(""));
}

TEST_CASE("nothing is smuggled through lighttpd", "[http-fronts]") {
  const std::string lighttpd = find_tool("lighttpd");
  if (lighttpd.empty()) {
    std::cout << "skipped: lighttpd is not installed\n";
    return;
  }
  const TemporaryDirectory directory;
  const Service service = backend(directory, "127.0.0.1:0");
  const std::uint16_t port = free_port();
  const std::string own_port =
      service.endpoint().substr(service.endpoint().rfind(':') + 1);
  const std::string configuration = directory.write(
      "lighttpd.conf",
      "server.document-root = \"" + directory.path() +
          "\"\nserver.bind = \"127.0.0.1\"\nserver.port = " +
          std::to_string(port) +
          "\nserver.modules = ( \"mod_accesslog\", \"mod_proxy\" )\n"
          "accesslog.filename = \"" +
          directory / "front.log" +
          "\"\nproxy.server = ( \"\" => (( \"host\" => \"127.0.0.1\", "
          "\"port\" => " +
          own_port + " )) )\n");
  const WebServer front({lighttpd, "-D", "-f", configuration}, port);
  CHECK_THAT(smuggled(port, directory / "front.log", directory / "own.log"),
             Equals(""));
}
