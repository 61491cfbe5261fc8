// SPDX-License-Identifier: MIT
// One service, several doors.
#include <signal.h>

#include "integration/service_fixtures.hpp"
#include "support/catch.hpp"
#include "support/http_client.hpp"

using namespace decant::test;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

/// The address that the log names for a port which the system has chosen.
std::string tcp_endpoint(const std::string& log) {
  const std::size_t begin = log.find("127.0.0.1:");
  return log.substr(begin, log.find_first_of(", \n", begin) - begin);
}

bool comes(const std::string& path, const std::string& text) {
  return wait_until(
      [&] { return read_file(path).find(text) != std::string::npos; });
}

}  // namespace

TEST_CASE("two doors of one process", "[doors]") {
  const std::string processes = GENERATE("0", "2");
  const std::string threads = GENERATE("1", "4");
  CAPTURE(processes, threads);
  const TemporaryDirectory directory;
  const std::string access = directory / "access";
  const std::string status = "unix:" + directory / "status";
  const std::string unix_endpoint = "unix:" + directory / "s";
  directory.write("access", "");
  Words words = {application("obedient"),
                 "--processes",
                 processes,
                 "--threads",
                 threads,
                 "--listen",
                 "fcgi://127.0.0.1:0",
                 "--access-log",
                 access,
                 "--access-format",
                 "json"};
  if (processes != "0") words.insert(words.end(), {"--status", status});
  Service service(words, unix_endpoint);
  const std::string tcp = tcp_endpoint(service.log());
  CHECK_THAT(service.log(), Contains("listening on ") &&
                                Contains(unix_endpoint) && Contains(tcp));
  for (int i = 0; i < 3; ++i) CHECK(body_of(unix_endpoint) == "ok");
  for (int i = 0; i < 2; ++i) CHECK(body_of(tcp) == "ok");
  CHECK(comes(access, "\"door\":\"fcgi://" + unix_endpoint + "\""));
  CHECK(comes(access, "\"door\":\"fcgi://" + tcp + "\""));
  if (processes != "0") {
    const auto metrics = [&] {
      HttpClient client(status);
      client.send(http_request("GET", "/metrics"));
      return client.receive().body;
    };
    const auto counts = [&](const std::string& endpoint, int requests) {
      return metrics().find("decant_requests_total{door=\"fcgi://" + endpoint +
                            "\"} " + std::to_string(requests) + "\n") !=
             std::string::npos;
    };
    CHECK(wait_until([&] { return counts(unix_endpoint, 3); }));
    CHECK(wait_until([&] { return counts(tcp, 2); }));
    const Ran table = run_clean({decant_command(), "status", status});
    CHECK_THAT(table.out, Contains("DOOR") && Contains("fcgi://" + tcp + "  "));
  }
  service.signal(SIGTERM);
  CHECK(service.wait() == 0);
}

TEST_CASE("what is no door is refused with the cure", "[doors]") {
  const auto [endpoint, cure] = GENERATE(table<std::string, std::string>(
      {{"https://127.0.0.1:9000", "wants TLS, which a web server in front"},
       {"gopher://127.0.0.1:9000", "names no protocol that there is; write "},
       {"fcgi://", "has no endpoint"},
       {"fcgi://127.0.0.1:9000/app",
        "ends in a path; write 127.0.0.1:9000, and "}}));
  const Ran ran = run_clean(
      {decant_command(), "fcgi", plugin("hello"), "--listen", endpoint});
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err,
             StartsWith("decant: ") && Contains(cure) && EndsWith("\n"));
  CHECK(count(ran.err, "\n") == 1);
}
