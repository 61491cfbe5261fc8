// SPDX-License-Identifier: MIT
// Requests that a service serves at the same time.
#include <sstream>
#include <vector>

#include "conformance/fastcgi_matrix.hpp"

namespace decant::conformance {

using Catch::Matchers::EndsWith;

namespace {

std::vector<test::FastcgiClient> connect_many(const Service& service) {
  std::vector<test::FastcgiClient> clients;
  clients.reserve(32);
  while (clients.size() < 32) clients.emplace_back(service.endpoint());
  return clients;
}

/// How many lines of `text` are `line`.
std::ptrdiff_t count_lines(const std::string& text, const std::string& line) {
  std::istringstream lines(text);
  std::ptrdiff_t found = 0;
  for (std::string each; std::getline(lines, each);) found += each == line;
  return found;
}

void check_bodies(const Service& service) {
  std::vector<test::FastcgiClient> clients = connect_many(service);
  std::vector<std::string> bodies;
  for (char c = 'A'; bodies.size() < clients.size(); ++c) {
    bodies.emplace_back(10'000, c);
  }
  const auto part = [&bodies](std::size_t i, std::size_t begin) {
    return test::fastcgi_request(post("echo", "10000"), bodies[i])
        .substr(begin, 5000);
  };
  // Each has begun before the first goes on.
  for (std::size_t i = 0; i < clients.size(); ++i) clients[i].send(part(i, 0));
  for (std::size_t i = clients.size(); i-- > 0;) {
    clients[i].send(part(i, 5000));
    clients[i].send(part(i, 10'000));
  }
  for (std::size_t i = 0; i < clients.size(); ++i) {
    CHECK_THAT(clients[i].receive().output, EndsWith("\r\n\r\n" + bodies[i]));
  }
}

void check_lines(const Service& service) {
  std::vector<test::FastcgiClient> clients = connect_many(service);
  for (test::FastcgiClient& client : clients) {
    client.send(test::fastcgi_request(get("complains"), ""));
  }
  for (test::FastcgiClient& client : clients) {
    CHECK(client.receive().complete);
  }
  // The last lines may follow their response.
  std::string log;
  test::wait_until([&] {
    log = service.log(0, {});
    return count_lines(log, "unfinished") == 32;
  });
  CHECK(count_lines(log, "one line") == 32);
  CHECK(count_lines(log, "two parts") == 32);
  CHECK(count_lines(log, "unfinished") == 32);
}

void check_both(Kind kind) {
  if (!missing(kind).empty()) {
    WARN(missing(kind));
    return;
  }
  const Service service(app(kind));
  SECTION("do not disturb each other") {
    check_bodies(service);
  }
  SECTION("do not mix their lines in the log") {
    check_lines(service);
  }
}

}  // namespace

TEST_CASE("parallel requests", "[fastcgi]") {
  check_both(Kind::native);
}

TEST_CASE("parallel requests to Python", "[fastcgi-python]") {
  check_both(Kind::python);
}

TEST_CASE("a thread that logs to the web server while another writes",
          "[fastcgi-python]") {
  if (const std::string reason = missing(Kind::python); !reason.empty()) {
    WARN(reason);
    return;
  }
  const Service service(app(Kind::python), {"--errors-to-server"});
  for (int i = 0; i < 20; ++i) {
    test::FastcgiClient client(service.endpoint());
    client.send(test::fastcgi_request(get("logs-while-writing"), ""));
    const test::FastcgiResponse got = client.receive();
    CHECK(got.complete);
    // Two megabytes are too much to print.
    const std::string body = std::string(2'000'000, '.') + "written\n";
    const bool whole = got.output.ends_with("\r\n\r\n" + body);
    CHECK(whole);
  }
}

}  // namespace decant::conformance
