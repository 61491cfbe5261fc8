// SPDX-License-Identifier: MIT
// The log and the access log of a `decant fcgi`.
#include <signal.h>

#include <filesystem>
#include <regex>

#include "integration/fixtures.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace decant::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

/// Waits for a line that ends after `text` in the file at `path`.
bool comes(const std::string& path, const std::string& text) {
  return wait_until([&] {
    const std::string lines =
        std::filesystem::exists(path) ? read_file(path) : "";
    const std::size_t at = lines.find(text);
    return at != std::string::npos && lines.find('\n', at) != std::string::npos;
  });
}

FastcgiResponse answer(const std::string& endpoint,
                       const FastcgiVariables& variables,
                       const std::string& body = "") {
  FastcgiClient client(endpoint);
  client.send(fastcgi_request(variables, body));
  return client.receive();
}

std::string first_match(const std::string& text, const std::string& pattern) {
  std::smatch match;
  return std::regex_search(text, match, std::regex(pattern)) ? match[1].str()
                                                             : "";
}

}  // namespace

TEST_CASE("the access log has a line for each request", "[logs]") {
  const TemporaryDirectory directory;
  const std::string path = directory / "access";
  Service service({application("echo"), "--access-log", path, "--access-format",
                   "combined"},
                  "unix:" + directory / "s");
  FastcgiVariables variables = post("/form", "5");
  variables.emplace_back("REQUEST_URI", "/form?\"\n");
  variables.emplace_back("HTTP_USER_AGENT", "a test");
  REQUIRE(answer(service.endpoint(), variables, "12345").complete);
  REQUIRE(comes(path, "POST"));
  CHECK(std::regex_match(
      read_file(path),
      std::regex(R"(\S+ - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\] )"
                 R"("POST /form\?\\"\\x0a \S+" 200 5 "-" "a test" )"
                 R"(\d+\.\d{6}\n)")));
  CHECK_THAT(service.log(), !Contains("POST"));
}

TEST_CASE("a request has one number in the log and in the access log",
          "[logs]") {
  const TemporaryDirectory directory;
  const std::string path = directory / "access";
  Service service(
      {application("failing"), "--access-log", path, "--access-format", "json"},
      "unix:" + directory / "s");
  answer(service.endpoint(), get("/x"));
  REQUIRE(comes(path, R"("status":500)"));
  const std::string id = first_match(read_file(path), R"re("id":"([^"]*)")re");
  CHECK_THAT(id, StartsWith(std::to_string(service.pid()) + '-'));
  CHECK_THAT(service.log(),
             Contains("decant: [" + id + "] GET /x: std::runtime_error: "));
  CHECK_THAT(read_file(path), Contains(R"("outcome":"failed")"));
}

TEST_CASE("the access log on a dash is standard output", "[logs]") {
  const TemporaryDirectory directory;
  Process service(
      {.words = {decant_command(), "fcgi", plugin("hello"), "--processes", "0",
                 "--access-log", "-", "--listen", "unix:" + directory / "s"}});
  REQUIRE(service.pump_until(
      [&] { return service.err().find("listening") != std::string::npos; }));
  REQUIRE(answer("unix:" + directory / "s", get("/x")).complete);
  CHECK(service.pump_until(
      [&] { return service.out().find('\n') != std::string::npos; }));
  CHECK_THAT(service.out(), Contains("\"GET /x HTTP/1.1\" 200 13 "));
}

TEST_CASE("a log file has what the service and its application say", "[logs]") {
  const TemporaryDirectory directory;
  const std::string path = directory / "log";
  const std::string endpoint = "unix:" + directory / "s";
  Process service(
      {.words = {decant_command(), "fcgi", application("complaining"),
                 "--processes", "0", "--mode", "0660", "--log-file", path,
                 "--listen", endpoint}});
  REQUIRE(comes(path, "listening on"));
  CHECK(answer(endpoint, get("/x")).errors.empty());
  REQUIRE(comes(path, "another"));
  service.signal(SIGTERM);
  CHECK(service.wait() == 0);
  const std::string start =
      R"([0-9T:.-]{23}Z \[)" + std::to_string(service.pid()) + R"(\] )";
  CHECK(std::regex_match(
      read_file(path),
      std::regex(start + "info: fcgi: listening on [^\n]*\n" + start +
                 "wsgi: one line\n" + start + "wsgi: another\n" + start +
                 "info: fcgi: stopped\n")));
  CHECK(service.err().empty());
}

TEST_CASE("a client that left is one line of the log", "[logs]") {
  const TemporaryDirectory directory;
  const std::string access = directory / "access";
  Service service(
      {application("endless_stream"), "--access-log", access, "--access-format",
       "json", "--env", "test.mark=" + directory / "mark"},
      "unix:" + directory / "s");
  {
    FastcgiClient client(service.endpoint());
    client.send(fastcgi_request(get("/"), ""));
    REQUIRE(client.read_until("xxx"));
  }
  REQUIRE(comes(access, R"("outcome":"client_gone")"));
  CHECK(count(service.log(), "GET /: the client left after ") == 1);
  CHECK(count(service.log(), "GET /") == 1);
}

TEST_CASE("what keeps a service from starting is said on standard error",
          "[logs]") {
  const TemporaryDirectory directory;
  const std::string endpoint = "unix:" + directory / "s";
  const std::string nowhere = directory / "no" + "/log";
  for (const char* const option : {"--log-file", "--access-log"}) {
    const Ran ran = run_clean({decant_command(), "fcgi", plugin("hello"),
                               "--listen", endpoint, option, nowhere});
    CHECK(ran.status == 1);
    CHECK_THAT(ran.err,
               StartsWith("decant: log: \"" + nowhere + "\": No such"));
    CHECK(!std::filesystem::exists(directory / "s"));
  }
  const std::string log = directory / "log";
  const Ran ran = run_clean({decant_command(), "fcgi", plugin("hello"),
                             "--listen", "unix:" + nowhere, "--log-file", log});
  CHECK(ran.status == 1);
  CHECK_THAT(ran.err, StartsWith("decant: endpoint: "));
}
