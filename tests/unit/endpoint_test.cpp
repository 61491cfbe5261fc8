// SPDX-License-Identifier: MIT
#include "decant/service/listen/endpoint.hpp"

#include <string>
#include <string_view>

#include "decant/error.hpp"
#include "support/catch.hpp"

namespace decant::service {
namespace {

using Catch::Contains;

TEST_CASE("An endpoint is written in one of four forms") {
  const auto unix_path = Endpoint::parse("unix:/run/x.sock");
  CHECK(unix_path.kind == Endpoint::Kind::unix_path);
  CHECK(unix_path.host == "/run/x.sock");
  const auto tcp = Endpoint::parse("example.org:9000");
  CHECK(tcp.kind == Endpoint::Kind::tcp);
  CHECK(tcp.host == "example.org");
  CHECK(tcp.port == 9000);
  const auto v6 = Endpoint::parse("[::1]:65535");
  CHECK(v6.kind == Endpoint::Kind::tcp);
  CHECK(v6.host == "::1");
  CHECK(v6.port == 65535);
  const auto fd = Endpoint::parse("fd:7");
  CHECK(fd.kind == Endpoint::Kind::descriptor);
  CHECK(fd.descriptor == 7);
}

TEST_CASE("An endpoint is written as it is read") {
  for (const char* const text :
       {"unix:/run/x.sock", "unix:rel.sock", "127.0.0.1:0", "[::1]:9000",
        "localhost:80", "fd:0"}) {
    CHECK(Endpoint::parse(text).text() == text);
  }
}

TEST_CASE("What is no endpoint is refused with its cure") {
  const auto refusal = [](std::string_view text) -> std::string {
    try {
      Endpoint::parse(text);
    } catch (const UsageError& error) {
      CHECK_THAT(error.what(), Catch::StartsWith("endpoint: "));
      return error.what();
    }
    return "accepted";
  };
  CHECK_THAT(refusal(":9000"), Contains("write 127.0.0.1:9000"));
  CHECK_THAT(refusal("*:9000"), Contains("write 127.0.0.1:9000"));
  CHECK_THAT(refusal("9000"), Contains("write 127.0.0.1:9000"));
  CHECK_THAT(refusal("/run/x.sock"), Contains("write unix:/run/x.sock"));
  CHECK_THAT(refusal("::1:9000"), Contains("write [::1]:9000"));
  CHECK_THAT(refusal("unix:"), Contains("unix:/run/app.sock"));
  CHECK_THAT(refusal("fd:x"), Contains("fd:3"));
  CHECK_THAT(refusal("fd:-1"), Contains("fd:3"));
  CHECK_THAT(refusal(""), Contains("unix:/run/app.sock"));
  CHECK_THAT(refusal("host"), Contains("unix:/run/app.sock"));
  CHECK_THAT(refusal(std::string_view("unix:a\0b", 8)), Contains("NUL"));
  for (const char* const text :
       {"host:", "host:65536", "host:-1", "host:80x", "host: 80", "[::1]"}) {
    CAPTURE(text);
    CHECK(refusal(text) != "accepted");
  }
}

}  // namespace
}  // namespace decant::service
