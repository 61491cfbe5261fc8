// SPDX-License-Identifier: MIT
#include "decant/service/request/access_log.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "decant/error.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/pipe.hpp"
#include "support/temporary_directory.hpp"

namespace decant::service {
namespace {

using Catch::Matchers::Contains;

const Variables get_x = {
    {"REQUEST_METHOD", "GET"},       {"REQUEST_URI", "/x?y=1"},
    {"SERVER_PROTOCOL", "HTTP/1.1"}, {"REMOTE_ADDR", "192.0.2.7"},
    {"HTTP_HOST", "example.org"},    {"HTTP_REFERER", "http://example.org/"},
    {"HTTP_USER_AGENT", "curl/8"}};

/// A request of a moment in February 2024.
std::string line(AccessFormat format, const Variables& variables,
                 int status = 200) {
  std::string out;
  append_access_line(
      out, format,
      {.id = (std::uint64_t{4711} << 40) + 18,
       .variables = variables,
       .arrival = {.door_name = "fcgi://unix:/run/a"},
       .status = status,
       .bytes_received = 5,
       .bytes_sent = 13,
       .begun = {},
       .taken = std::chrono::microseconds(1234),
       .waited = std::chrono::microseconds(20),
       .outcome = status == 0 ? Outcome::client_gone : Outcome::complete},
      WallTime(std::chrono::seconds(1709210096)));
  return out;
}

TEST_CASE("A common line is that of the Common Log Format and the time taken") {
  CHECK(line(AccessFormat::common, get_x) ==
        "192.0.2.7 - - [29/Feb/2024:12:34:56 +0000] "
        "\"GET /x?y=1 HTTP/1.1\" 200 13 0.001234\n");
}

TEST_CASE("A combined line has referrer and user agent too") {
  CHECK(line(AccessFormat::combined, get_x) ==
        "192.0.2.7 - - [29/Feb/2024:12:34:56 +0000] "
        "\"GET /x?y=1 HTTP/1.1\" 200 13 \"http://example.org/\" \"curl/8\" "
        "0.001234\n");
}

TEST_CASE("A JSON line has all that is known") {
  CHECK(line(AccessFormat::json, get_x) ==
        R"({"time":"2024-02-29T12:34:56.000Z","id":"4711-18",)"
        R"("remote_addr":"192.0.2.7","remote_user":"","method":"GET",)"
        R"("uri":"/x?y=1","protocol":"HTTP/1.1","host":"example.org",)"
        R"("status":200,"bytes_received":5,"bytes_sent":13,)"
        R"("taken":0.001234,"waited":0.000020,"outcome":"complete",)"
        R"("door":"fcgi://unix:/run/a",)"
        R"("referer":"http://example.org/","user_agent":"curl/8"})"
        "\n");
}

TEST_CASE("What there is not is a dash") {
  CHECK(line(AccessFormat::combined, {}, 0) ==
        "- - - [29/Feb/2024:12:34:56 +0000] \"? - -\" - 13 \"-\" \"-\" "
        "0.001234\n");
  CHECK_THAT(line(AccessFormat::json, {}, 0),
             Contains(R"("status":0)") && Contains(R"("uri":"")") &&
                 Contains(R"("outcome":"client_gone")"));
}

TEST_CASE("A client cannot make lines or fields of its own") {
  const Variables bad = {{"REQUEST_METHOD", "GET"},
                         {"REQUEST_URI", "/\" 200 1\n\\x\x1B[2J\x7F\xC3\xA9"},
                         {"REMOTE_USER", "a b\" -"},
                         {"HTTP_USER_AGENT", std::string_view("\0\r", 2)}};
  CHECK(line(AccessFormat::combined, bad) ==
        "- - a\\x20b\\\"\\x20- [29/Feb/2024:12:34:56 +0000] "
        "\"GET /\\\" 200 1\\x0a\\\\x\\x1b[2J\\x7f\\xc3\\xa9 -\" 200 13 "
        "\"-\" \"\\x00\\x0d\" 0.001234\n");
  CHECK_THAT(
      line(AccessFormat::json, bad),
      Contains(R"("uri":"/\" 200 1\u000a\\x\u001b[2J\u007f\u00c3\u00a9",)") &&
          Contains(R"("remote_user":"a b\" -",)") &&
          Contains(R"("user_agent":"\u0000\u000d"})"));
}

TEST_CASE("A line has at most 4096 bytes, whatever the client sends") {
  const std::string plain(100'000, 'x');
  const std::string worst(100'000, '\x01');
  const AccessFormat format = GENERATE(
      AccessFormat::common, AccessFormat::combined, AccessFormat::json);
  for (const std::string& text : {plain, worst}) {
    Variables variables;
    variables.reserve(8);
    for (const char* const name :
         {"REQUEST_METHOD", "REQUEST_URI", "SERVER_PROTOCOL", "REMOTE_ADDR",
          "REMOTE_USER", "HTTP_HOST", "HTTP_REFERER", "HTTP_USER_AGENT"}) {
      variables.emplace_back(name, text);
    }
    const std::string all = line(format, variables);
    CHECK(all.size() <= 4096);
    CHECK_THAT(all, Contains("..."));
    CHECK(all.find('\n') == all.size() - 1);
  }
}

TEST_CASE("The lines of several threads come out whole") {
  const test::TemporaryDirectory directory;
  const std::string path = directory / "access";
  const AccessLog access({.file = {},
                          .access_file = path,
                          .access_format = AccessFormat::combined});
  constexpr int count = 500;
  std::vector<std::thread> threads;
  threads.reserve(3);
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&access] {
      const auto observer = access.make_observer();
      for (int n = 0; n < count; ++n) {
        observer->begin({.id = 1, .variables = get_x, .begun = {}});
        observer->end({.id = 1,
                       .variables = get_x,
                       .status = 200,
                       .begun = {},
                       .outcome = Outcome::complete});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::ifstream file(path);
  int lines = 0;
  for (std::string text; std::getline(file, text); ++lines) {
    CHECK_THAT(text, Catch::StartsWith("192.0.2.7 - - [") &&
                         Catch::EndsWith("\"curl/8\" 0.000000"));
  }
  CHECK(lines == 3 * count);
}

TEST_CASE("An access log is opened anew with the other logs") {
  const test::TemporaryDirectory directory;
  const std::string path = directory / "access";
  const AccessLog access(
      {.file = {}, .access_file = path, .access_format = {}});
  const auto observer = access.make_observer();
  std::filesystem::rename(path, path + ".1");
  reopen_logs();
  observer->end({.id = 1, .variables = get_x, .begun = {}});
  CHECK(std::filesystem::file_size(path + ".1") == 0);
  CHECK(std::filesystem::file_size(path) > 0);
}

TEST_CASE("The access log on a dash is standard output") {
  test::Pipe out;
  const int status = test::in_child([&] {
    ::dup2(out.write.get(), 1);
    const AccessLog access(
        {.file = {}, .access_file = "-", .access_format = {}});
    access.make_observer()->end({.id = 1, .variables = get_x, .begun = {}});
    return 0;
  });
  CHECK(status == 0);
  out.write.reset();
  CHECK_THAT(test::read_to_end(out.read.get()),
             Contains("\"GET /x?y=1 HTTP/1.1\" - 0 0.000000\n"));
}

TEST_CASE("An access log that cannot be opened is refused by name") {
  CHECK_THROWS_WITH(AccessLog({.file = {},
                               .access_file = "/no/such/folder/access",
                               .access_format = {}}),
                    Contains("\"/no/such/folder/access\""));
}

}  // namespace
}  // namespace decant::service
