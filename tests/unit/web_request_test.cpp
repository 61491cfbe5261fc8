// SPDX-License-Identifier: MIT
#include "decant/web/request.hpp"
#include "support/catch.hpp"
#include "support/recording_exchange.hpp"

namespace decant::web {
namespace {

using Variables = std::vector<Variable>;

/// Runs `look` on a request with these variables and this body, and gives the
/// status of the answer.
template <class Look>
std::string ask(const Variables& variables, const std::string& body,
                const Look& look) {
  test::RecordingExchange exchange;
  for (const auto& [name, value] : variables) exchange.set(name, value);
  const std::string length = std::to_string(body.size());
  exchange.set("CONTENT_LENGTH", length);
  exchange.input = test::TextSource(body, 7);
  exchange.run([&](Environ& env, const StartResponse& start_response) -> Body {
    look(env);
    start_response("200 OK", {});
    return {};
  });
  return exchange.output.status;
}

template <class Look>
void look_at(const Variables& variables, const Look& look) {
  bool looked = false;
  const std::string status = ask(variables, "", [&](Environ& env) {
    const Request request(env);
    look(request);
    looked = true;
  });
  CHECK(looked);
  CHECK(status == "200 OK");
}

TEST_CASE("A request knows its URL") {
  look_at({{"REQUEST_METHOD", "PUT"},
           {"SCRIPT_NAME", "/app"},
           {"PATH_INFO", "/a b/\xC3\xA9"},
           {"QUERY_STRING", "c=d&c=e+f"},
           {"HTTP_HOST", "example.org:8080"},
           {"REMOTE_ADDR", "192.0.2.1"}},
          [](const Request& request) {
            CHECK(request.method() == "PUT");
            CHECK(request.script_name() == "/app");
            CHECK(request.path() == "/a b/\xC3\xA9");
            CHECK(request.host() == "example.org:8080");
            CHECK(request.url() ==
                  "http://example.org:8080/app/a%20b/%C3%A9?c=d&c=e+f");
            CHECK(request.args() == Fields{{"c", "d"}, {"c", "e f"}});
            CHECK(request.remote_address() == "192.0.2.1");
          });
  look_at(
      {{"HTTP_HOST", "evil/\"><"},
       {"SERVER_NAME", "own"},
       {"SERVER_PORT", "443"},
       {"HTTPS", "on"}},
      [](const Request& request) { CHECK(request.url() == "https://own/"); });
  look_at(
      {{"SERVER_NAME", "own"}, {"SERVER_PORT", "81"}},
      [](const Request& request) { CHECK(request.url() == "http://own:81/"); });
}

TEST_CASE("Headers have the names of HTTP") {
  look_at({{"HTTP_USER_AGENT", "x"},
           {"HTTP_X_A1", "y"},
           {"CONTENT_TYPE", "Text/HTML; charset=utf-8"}},
          [](const Request& request) {
            CHECK(request.header("User-Agent") == "x");
            CHECK(request.header("x-a1") == "y");
            CHECK(request.header("Content-Type") == "Text/HTML; charset=utf-8");
            CHECK(request.header("None").empty());
            CHECK(request.media_type() == "text/html");
            const Headers headers = request.headers();
            REQUIRE(find_header(headers, "User-Agent") != nullptr);
            CHECK(*find_header(headers, "X-A1") == "y");
            CHECK(find_header(headers, "Content-Type") != nullptr);
          });
}

TEST_CASE("Cookies, wishes and conditions are read from their fields") {
  look_at({{"HTTP_COOKIE", "a=b; c=d"},
           {"HTTP_ACCEPT", "text/html, */*;q=0.1"},
           {"HTTP_ACCEPT_LANGUAGE", "de, en;q=0.5"},
           {"HTTP_ACCEPT_ENCODING", "gzip"},
           {"HTTP_IF_NONE_MATCH", "\"1\", W/\"2,3\""},
           {"HTTP_IF_MODIFIED_SINCE", "Sunday, 06-Nov-94 08:49:37 GMT"},
           {"HTTP_RANGE", "bytes=2-"}},
          [](const Request& request) {
            CHECK(request.cookies()["c"] == "d");
            CHECK(request.best_type({"application/json", "text/html"}) ==
                  "text/html");
            CHECK(request.best_language({"en", "de"}) == "de");
            CHECK(request.best_encoding({"br", "gzip"}) == "gzip");
            CHECK_FALSE(request.best_encoding({"br"}));
            CHECK(request.if_none_match() ==
                  std::vector<std::string_view>{"\"1\"", "W/\"2,3\""});
            CHECK(request.if_match().empty());
            CHECK(request.if_modified_since() == 784111777);
            CHECK_FALSE(request.if_unmodified_since());
            CHECK(request.check({.etag = "\"1\""}) == 304);
            CHECK(request.check({.etag = "\"2\""}) == 200);
            const ByteRange range = request.range({}, 10);
            CHECK(range.first == 2);
            CHECK(range.size == 8);
          });
}

TEST_CASE("A request that would change something is not answered with 304") {
  look_at({{"REQUEST_METHOD", "PUT"}, {"HTTP_IF_NONE_MATCH", "*"}},
          [](const Request& request) {
            CHECK(request.check({.etag = "\"1\""}) == 412);
          });
  look_at({{"REQUEST_METHOD", "PUT"},
           {"HTTP_IF_MODIFIED_SINCE", "Sun, 06 Nov 1994 08:49:37 GMT"}},
          [](const Request& request) {
            CHECK(request.check({.modified = 1}) == 200);
          });
}

TEST_CASE("Authorization is Basic or Bearer") {
  const auto with = [](const char* value, const auto& look) {
    look_at({{"HTTP_AUTHORIZATION", value}}, look);
  };
  with("Basic QWxhZGRpbjpvcGVuOnNlc2FtZQ==", [](const Request& request) {
    const auto credentials = request.basic_authorization();
    REQUIRE(credentials);
    CHECK(credentials->user == "Aladdin");
    CHECK(credentials->password == "open:sesame");
    CHECK(request.bearer_token().empty());
  });
  with("bearer  mF_9.B5f-4.1JqM", [](const Request& request) {
    CHECK(request.bearer_token() == "mF_9.B5f-4.1JqM");
    CHECK_FALSE(request.basic_authorization());
  });
  for (const char* const malformed :
       {"", "Basic", "Basic ", "Basic ?", "Basic QWxhZGRpbg==", "Basic AQ==",
        "Basic QTpCAA==", "Bearer a b", "Bearer \"x\"", "Bearerx"}) {
    CAPTURE(malformed);
    with(malformed, [](const Request& request) {
      CHECK_FALSE(request.basic_authorization());
      CHECK(request.bearer_token().empty());
    });
  }
}

const Variables posted = {
    {"REQUEST_METHOD", "POST"},
    {"CONTENT_TYPE", "application/x-www-form-urlencoded"}};

TEST_CASE("A form is read once, whoever asks") {
  const std::string status = ask(posted, "a=1&b=x+y", [](Environ& env) {
    CHECK(Request(env).form()["a"] == "1");
    CHECK(Request(env).form()["b"] == "x y");
    CHECK(Request(env).files().empty());
    CHECK_THROWS_AS(Request(env).body(), ApplicationError);
    CHECK_THROWS_AS(Request(env).multipart(), ApplicationError);
  });
  CHECK(status == "200 OK");
}

TEST_CASE("The body may be asked for before the form") {
  ask(posted, "a=1", [](Environ& env) {
    CHECK(Request(env).body() == "a=1");
    CHECK(Request(env).body() == "a=1");
    CHECK(Request(env).form()["a"] == "1");
  });
}

TEST_CASE("A form that cannot be taken is answered by itself") {
  const auto form = [](Environ& env) { Request(env).form(); };
  CHECK(ask({{"CONTENT_TYPE", "text/plain"}}, "x", form) ==
        "415 Unsupported Media Type");
  CHECK(ask({{"CONTENT_TYPE", "multipart/form-data; boundary=x"}}, "y", form) ==
        "400 Bad Request");
  CHECK(ask(posted, "a=1&b=2", [](Environ& env) {
          Request(env, {.most_fields = 1}).form();
        }) == "413 Content Too Large");
  CHECK(ask({}, "", form) == "200 OK");
}

TEST_CASE("A body has a limit, and is refused before it is read") {
  const auto most = [](std::size_t size) {
    return [size](Environ& env) { Request(env).body(size); };
  };
  CHECK(ask({}, "1234", most(4)) == "200 OK");
  CHECK(ask({}, "1234", most(3)) == "413 Content Too Large");
}

TEST_CASE("JSON is a text of its type") {
  for (const char* const type :
       {"application/json", "Application/JSON; charset=utf-8",
        "application/problem+json"}) {
    CAPTURE(type);
    CHECK(ask({{"CONTENT_TYPE", type}}, "[1]", [](Environ& env) {
            CHECK(Request(env).json() == "[1]");
          }) == "200 OK");
  }
  CHECK(ask({{"CONTENT_TYPE", "text/plain"}}, "[1]", [](Environ& env) {
          Request(env).json();
        }) == "415 Unsupported Media Type");
}

TEST_CASE("A multipart body is read part by part") {
  MultipartWriter writer("xyz");
  writer.add_file("f", "x", "", "one");
  const std::string type = writer.content_type();
  ask({{"CONTENT_TYPE", type}}, writer.text(), [](Environ& env) {
    MultipartReader reader = Request(env).multipart();
    const PartHead* const part = reader.next_part();
    REQUIRE(part != nullptr);
    CHECK(part->name == "f");
    std::string content;
    for (auto data = reader.read(); !data.empty(); data = reader.read()) {
      content += data;
    }
    CHECK(content == "one");
    CHECK(reader.next_part() == nullptr);
    CHECK_THROWS_AS(Request(env).body(), ApplicationError);
    CHECK_THROWS_AS(Request(env).form(), ApplicationError);
    CHECK_THROWS_AS(Request(env).multipart(), ApplicationError);
  });
}

}  // namespace
}  // namespace decant::web
