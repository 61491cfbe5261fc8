// SPDX-License-Identifier: MIT
#include "decant/application.hpp"

#include "support/catch.hpp"
#include "support/recording_exchange.hpp"

namespace decant {
namespace {

using test::ignoring_start_response;
using test::TestEnviron;

/// Says which application it is and the paths it sees.
Application named(const char* name) {
  return [name](Environ& env, const StartResponse&) -> Body {
    return std::string(name) + " [" + std::string(env["SCRIPT_NAME"]) + "][" +
           std::string(env["PATH_INFO"]) + "]";
  };
}

std::string answer(const Application& application, std::string_view script,
                   std::string_view path) {
  TestEnviron test(Variables{{"SCRIPT_NAME", script}, {"PATH_INFO", path}});
  Body body = application(test.env, ignoring_start_response());
  std::string_view chunk;
  return body.next(chunk) ? std::string(chunk) : "";
}

TEST_CASE("Requests beneath a mount point go to its application") {
  const Application both = mount("/app", named("inner"))(named("outer"));
  CHECK(answer(both, "", "/app/x") == "inner [/app][/x]");
  CHECK(answer(both, "", "/app/") == "inner [/app][/]");
  CHECK(answer(both, "", "/app") == "inner [/app][]");
  CHECK(answer(both, "/base", "/app/x/y") == "inner [/base/app][/x/y]");
}

TEST_CASE("All other requests go to what is wrapped") {
  const Application both = mount("/app", named("inner"))(named("outer"));
  CHECK(answer(both, "", "/application") == "outer [][/application]");
  CHECK(answer(both, "", "/") == "outer [][/]");
  CHECK(answer(both, "/app", "/x") == "outer [/app][/x]");
  CHECK(answer(both, "/app", "") == "outer [/app][]");
}

TEST_CASE("A mount point may be spelled with a slash at its end") {
  CHECK(answer(mount("/app/", named("inner"))(named("outer")), "", "/app") ==
        "inner [/app][]");
}

TEST_CASE("Mount points nest") {
  const Application inner = mount("/b", named("b"))(named("a"));
  const Application outer = mount("/a", inner)(named("root"));
  CHECK(answer(outer, "", "/a/b/c") == "b [/a/b][/c]");
  CHECK(answer(outer, "", "/a/c") == "a [/a][/c]");
  CHECK(answer(outer, "", "/b") == "root [][/b]");
}

struct Seen {
  std::string status;
  Headers headers;
  std::exception_ptr error;
  std::string written;
};

TEST_CASE("StartResponse and Write can be made from callables") {
  Seen seen;
  const StartResponse start_response =
      [&seen](std::string_view status, Headers headers,
              const std::exception_ptr& error) -> Write {
    seen.status = status;
    seen.headers = std::move(headers);
    seen.error = error;
    return [&seen](std::string_view chunk) { seen.written += chunk; };
  };
  // Both are cheap to copy, and a copy is the same.
  const std::vector<StartResponse> copies = {start_response, start_response};
  const Write write = copies.back()("200 OK", {{"A", "b"}});
  const std::vector<Write> writes = {write, write};
  writes.front()("one ");
  writes.back()("two");
  CHECK(seen.status == "200 OK");
  CHECK(seen.headers == Headers{{"A", "b"}});
  CHECK(seen.error == nullptr);
  CHECK(seen.written == "one two");
  start_response("500 x", {}, std::make_exception_ptr(1));
  CHECK(seen.error != nullptr);
}

TEST_CASE("A callable with state is shared by the copies of its Write") {
  int calls = 0;
  const Write write = [&calls, own = 0](std::string_view) mutable {
    calls = ++own;
  };
  for (const Write& copy : std::vector<Write>{write, write}) copy("x");
  CHECK(calls == 2);
}

TEST_CASE("Middleware wraps start_response") {
  const Middleware add_header = [](Application wrapped) -> Application {
    return [wrapped = std::move(wrapped)](Environ& env,
                                          const StartResponse& inner) {
      const StartResponse outer = [inner](std::string_view status,
                                          Headers headers,
                                          const std::exception_ptr& error) {
        headers.emplace_back("X-Added", "yes");
        return inner(status, std::move(headers), error);
      };
      return wrapped(env, outer);
    };
  };
  test::RecordingExchange exchange;
  exchange.run(add_header([](Environ&, const StartResponse& start_response) {
    start_response("200 OK", {{"Content-Type", "text/plain"}});
    return Body("hello");
  }));
  CHECK(exchange.output.headers == Headers{{"Content-Type", "text/plain"},
                                           {"X-Added", "yes"},
                                           {"Content-Length", "5"}});
}

}  // namespace
}  // namespace decant
