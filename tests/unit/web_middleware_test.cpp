// SPDX-License-Identifier: MIT
#include <thread>

#include "decant/base64.hpp"
#include "decant/error.hpp"
#include "decant/web/client.hpp"
#include "decant/web/middleware.hpp"
#include "decant/web/router.hpp"
#include "support/catch.hpp"

namespace decant::web {
namespace {

/// Asks what `middleware` makes of an application.
Reply ask(const Middleware& middleware, const Application& application,
          const Headers& headers = {}, std::string_view method = "GET") {
  return Client(middleware(application)).request(method, "/", {}, headers);
}

Application tell(std::string name) {
  return [name](Environ& env, const StartResponse& start_response) {
    return Response(env[name])(env, start_response);
  };
}

TEST_CASE("As many proxies as there are say who the client is") {
  const auto address = [](const char* list, int proxies) {
    return ask(proxy_fix({.address = proxies}), tell("REMOTE_ADDR"),
               {{"X-Forwarded-For", list}})
        .body;
  };
  CHECK(address("192.0.2.1", 1) == "192.0.2.1");
  CHECK(address("6.6.6.6, 192.0.2.1", 1) == "192.0.2.1");
  CHECK(address("6.6.6.6,192.0.2.1:80 ,10.0.0.1", 2) == "192.0.2.1");
  CHECK(address("\"[2001:DB8::1]:80\"", 1) == "2001:db8::1");
  // What cannot be believed changes nothing.
  CHECK(address("192.0.2.1", 2) == "127.0.0.1");
  CHECK(address("192.0.2.1", 0) == "127.0.0.1");
  CHECK(address("6.6.6.6, unknown", 1) == "127.0.0.1");
  CHECK(address("6.6.6.6, ", 1) == "127.0.0.1");
  CHECK(address("6.6.6.6, \"x, 192.0.2.1, 10.0.0.1", 2) == "192.0.2.1");
  CHECK(address("6.6.6.6, \"x, 192.0.2.1", 1) == "192.0.2.1");
}

TEST_CASE("Proxies say by which URL they were asked") {
  const Application url = [](Environ& env, const StartResponse& start) {
    return Response(Request(env).url())(env, start);
  };
  const Headers headers = {{"X-Forwarded-Proto", "HTTPS"},
                           {"X-Forwarded-Host", "example.org"},
                           {"X-Forwarded-Prefix", "/app/"}};
  CHECK(ask(proxy_fix(), url, headers).body == "https://localhost/");
  CHECK(ask(proxy_fix({.host = 1, .prefix = 1}), url, headers).body ==
        "https://example.org/app/");
  CHECK(ask(proxy_fix({.scheme = 0}), url, headers).body ==
        "http://localhost/");
  CHECK(ask(proxy_fix({.host = 1, .prefix = 1}), url,
            {{"X-Forwarded-Proto", "ftp"},
             {"X-Forwarded-Host", "a/b"},
             {"X-Forwarded-Prefix", "//evil"}})
            .body == "http://localhost/");
}

TEST_CASE("Each request has an id") {
  const Application id = tell("HTTP_X_REQUEST_ID");
  const Reply first = ask(request_id(), id, {{"X-Request-ID", "given"}});
  CHECK(first.body.size() == 32);
  CHECK(first.header("X-Request-ID") == first.body);
  CHECK(ask(request_id(), id).body != first.body);
  const auto trusting = request_id({.header = "X-Trace", .trust = true});
  const Application trace = tell("HTTP_X_TRACE");
  CHECK(ask(trusting, trace, {{"X-Trace", "given-1.a_b"}}).body ==
        "given-1.a_b");
  for (const std::string& odd :
       {std::string(), std::string("a b"), std::string(129, 'x')}) {
    CHECK(ask(trusting, trace, {{"X-Trace", odd}}).body.size() == 32);
  }
}

TEST_CASE("Who has waited long enough is told so") {
  using std::chrono::milliseconds;
  const Middleware middleware =
      timeout_header("X-Timeout", milliseconds(1), milliseconds(10000));
  const Application tells = [](Environ& env, const StartResponse& start) {
    return Response(deadline(env) ? "timed" : "free")(env, start);
  };
  CHECK(ask(middleware, tells).body == "free");
  CHECK(ask(middleware, tells, {{"X-Timeout", "soon"}}).body == "free");
  CHECK(ask(middleware, tells, {{"X-Timeout", "-1"}}).body == "free");
  CHECK(ask(middleware, tells, {{"X-Timeout", "4294967295"}}).body == "timed");
  CHECK(ask(middleware, tells, {{"X-Timeout", "0"}}).status == 504);
  const Application sleeps = [](Environ& env, const StartResponse& start) {
    std::this_thread::sleep_for(milliseconds(5));
    return Response("late")(env, start);
  };
  CHECK(ask(middleware, sleeps, {{"X-Timeout", "1"}}).status == 504);
  CHECK(ask(middleware, sleeps, {{"X-Timeout", "10000"}}).body == "late");
  // Once something has gone out there is no other answer to be given.
  const Application streams = [](Environ&, const StartResponse& start) {
    start("200 OK", {{"Content-Type", "text/plain"}});
    return []() -> Chunks {
      co_yield "a";
      std::this_thread::sleep_for(milliseconds(30));
      co_yield "b";
    }();
  };
  const Reply streamed = ask(middleware, streams, {{"X-Timeout", "25"}});
  CHECK(streamed.status == 200);
  CHECK(streamed.body == "ab");
}

TEST_CASE("Texts are compared as a whole") {
  CHECK(equal_in_constant_time("", ""));
  CHECK(equal_in_constant_time("secret", "secret"));
  CHECK_FALSE(equal_in_constant_time("secreT", "secret"));
  CHECK_FALSE(equal_in_constant_time("Secret", "secret"));
  CHECK_FALSE(equal_in_constant_time("secretsecret", "secret"));
  CHECK_FALSE(equal_in_constant_time("secre", "secret"));
  CHECK_FALSE(equal_in_constant_time("", "secret"));
  CHECK_FALSE(equal_in_constant_time("x", ""));
  CHECK_FALSE(equal_in_constant_time(std::string(1, '\0'), ""));
}

TEST_CASE("Who has a password is let in") {
  const Middleware middleware =
      basic_auth("My realm", {{"ada", "a:b"}, {"bob", "c"}});
  const auto with = [&](const std::string& credentials) {
    return ask(middleware, tell("REMOTE_USER"),
               {{"Authorization", "Basic " + base64_encoded(credentials)}});
  };
  CHECK(with("ada:a:b").body == "ada");
  CHECK(with("bob:c").body == "bob");
  for (const char* const wrong :
       {"ada:c", "bob:a:b", "ada:", "ada", "", "eve:c", ":", "bob:c "}) {
    CAPTURE(wrong);
    CHECK(with(wrong).status == 401);
  }
  const Reply refused = ask(middleware, tell("REMOTE_USER"));
  CHECK(refused.status == 401);
  CHECK(refused.header("WWW-Authenticate") ==
        "Basic realm=\"My realm\", charset=\"UTF-8\"");
  CHECK_THROWS_AS(basic_auth("a\"b", CheckPassword()), UsageError);
}

TEST_CASE("Other origins may ask what they are given leave to") {
  const Application hello = Response("hello");
  const Headers from_friend = {{"Origin", "https://friend.org"}};
  const Headers from_foe = {{"Origin", "https://foe.org"}};
  SECTION("all of them") {
    const Reply reply = ask(cors({.exposed = {"X-A"}}), hello, from_foe);
    CHECK(reply.header("Access-Control-Allow-Origin") == "*");
    CHECK(reply.header("Access-Control-Expose-Headers") == "X-A");
    CHECK(reply.header("Vary").empty());
    CHECK(ask(cors(), hello).header("Access-Control-Allow-Origin").empty());
  }
  SECTION("some of them") {
    const Middleware some =
        cors({.origins = {"https://friend.org"}, .credentials = true});
    const Reply reply = ask(some, hello, from_friend);
    CHECK(reply.header("Access-Control-Allow-Origin") == "https://friend.org");
    CHECK(reply.header("Access-Control-Allow-Credentials") == "true");
    CHECK(reply.header("Vary") == "Origin");
    const Reply foe = ask(some, hello, from_foe);
    CHECK(foe.header("Access-Control-Allow-Origin").empty());
    CHECK(foe.header("Vary") == "Origin");
    CHECK(ask(some, hello).header("Vary") == "Origin");
  }
  SECTION("before they ask") {
    const Middleware some = cors({.origins = {"https://friend.org"},
                                  .methods = {"PUT"},
                                  .headers = {"X-B", "X-C"}});
    const Reply reply = ask(some, hello,
                            {{"Origin", "https://friend.org"},
                             {"Access-Control-Request-Method", "PUT"}},
                            "OPTIONS");
    CHECK(reply.status == 204);
    CHECK(reply.header("Access-Control-Allow-Methods") == "PUT");
    CHECK(reply.header("Access-Control-Allow-Headers") == "X-B, X-C");
    CHECK(reply.header("Access-Control-Max-Age") == "600");
    const Reply foe = ask(some, hello,
                          {{"Origin", "https://foe.org"},
                           {"Access-Control-Request-Method", "PUT"}},
                          "OPTIONS");
    CHECK(foe.status == 204);
    CHECK(foe.header("Access-Control-Allow-Methods").empty());
    CHECK(ask(some, hello, from_friend, "OPTIONS").body == "hello");
  }
  CHECK_THROWS_AS(cors({.credentials = true}), UsageError);
}

}  // namespace
}  // namespace decant::web
