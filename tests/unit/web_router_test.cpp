// SPDX-License-Identifier: MIT
#include <cstdint>
#include <stdexcept>

#include "decant/web/router.hpp"
#include "support/catch.hpp"
#include "support/recording_exchange.hpp"

namespace decant::web {
namespace {

using detail::check_pattern;
using detail::PatternError;

struct Reply {
  std::string status;
  std::string body;
  std::string allow;
  std::string log;
};

Reply ask(const Application& application, std::string_view path,
          std::string_view method = "GET") {
  test::RecordingExchange exchange;
  exchange.set("REQUEST_METHOD", method);
  exchange.set("PATH_INFO", path);
  exchange.run(application);
  const std::string* const allow =
      find_header(exchange.output.headers, "Allow");
  return {exchange.output.status, exchange.output.body(),
          allow != nullptr ? *allow : "none", exchange.errors.text};
}

std::string body_of(const Application& application, std::string_view path,
                    std::string_view method = "GET") {
  return ask(application, path, method).body;
}

std::string status_of(const Application& application, std::string_view path,
                      std::string_view method = "GET") {
  return ask(application, path, method).status;
}

// Whether a handler fits its pattern is known to the compiler.
static_assert(check_pattern<>("/") == PatternError::none);
static_assert(check_pattern<>("/users/") == PatternError::none);
static_assert(check_pattern<int>("/users/{id:int}") == PatternError::none);
static_assert(check_pattern<std::string, std::uint64_t, std::string_view>(
                  "/{a}/{b:int}/x/{c:path}") == PatternError::none);
static_assert(check_pattern<>("") == PatternError::no_slash);
static_assert(check_pattern<>("users") == PatternError::no_slash);
static_assert(check_pattern<int>("/x{id:int}") ==
              PatternError::part_of_segment);
static_assert(check_pattern<int>("/{id:int}x") ==
              PatternError::part_of_segment);
static_assert(check_pattern<>("/}") == PatternError::part_of_segment);
static_assert(check_pattern<int>("/{}") == PatternError::no_name);
static_assert(check_pattern<int>("/{:int}") == PatternError::no_name);
static_assert(check_pattern<int>("/{a-b}") == PatternError::no_name);
static_assert(check_pattern<int>("/{id:uuid}") == PatternError::no_kind);
static_assert(check_pattern<std::string>("/{rest:path}/x") ==
              PatternError::path_not_last);
static_assert(check_pattern<>("/{id:int}") ==
              PatternError::too_many_placeholders);
static_assert(check_pattern<int, int>("/{id:int}") ==
              PatternError::too_few_placeholders);
static_assert(check_pattern<std::string>("/{id:int}") ==
              PatternError::other_type);
static_assert(check_pattern<int>("/{id}") == PatternError::other_type);

Response home() {
  return "home";
}

std::string show(const Request& request, std::string_view name) {
  return std::string(request.method()) + ' ' + std::string(name);
}

TEST_CASE("A path leads to the handler whose pattern it has") {
  Router router;
  router.get("/", home)
      .get("/users/{id:int}",
           [](Request&, int id) { return "user " + std::to_string(id); })
      .get("/users/{name}", show)
      .get("/users/me", [](const Request&) { return "me"; })
      .get("/users/{id:int}/posts/{post:int}",
           [](std::uint64_t id, unsigned char post) {
             return std::to_string(id) + '/' + std::to_string(post);
           })
      .get("/files/{path:path}", [](std::string path) { return path; })
      .get("/slash/", [] { return Response("slash"); });
  CHECK(body_of(router, "/") == "home");
  CHECK(body_of(router, "") == "home");
  CHECK(body_of(router, "/users/7") == "user 7");
  CHECK(body_of(router, "/users/007") == "user 7");
  CHECK(body_of(router, "/users/me") == "me");
  CHECK(body_of(router, "/users/you") == "GET you");
  CHECK(body_of(router, "/users/-7") == "GET -7");
  CHECK(body_of(router, "/users/7x") == "GET 7x");
  CHECK(body_of(router, "/users/1/posts/255") == "1/255");
  CHECK(body_of(router, "/files/a/b//c.txt") == "a/b//c.txt");
  CHECK(body_of(router, "/slash/") == "slash");

  for (const char* const path :
       {"/user", "/users", "/users/", "/users/1/", "/users/1/posts", "/files",
        "/files/", "/slash", "/users/1/posts/256", "//", "/users//posts/1",
        "/users/99999999999999999999/posts/1"}) {
    CAPTURE(path);
    CHECK(status_of(router, path) == "404 Not Found");
  }
  // A number that is out of range may still be a text.
  CHECK(body_of(router, "/users/99999999999") == "GET 99999999999");
}

TEST_CASE("A path has the methods it was given, and some by itself") {
  Router router;
  router.get("/x", home).post("/x", [] { return "posted"; });
  router.put("/y", home).patch("/y", home).del("/y", home);
  router.add("PURGE", "/y", [] { return "purged"; });
  router.post("/x/{id:int}", [](int) { return "posted"; });
  router.get("/x/{id}", [](std::string_view) { return "got"; });
  CHECK(body_of(router, "/x", "POST") == "posted");
  CHECK(body_of(router, "/y", "PURGE") == "purged");
  // The nearer pattern lacks the method, the other has it.
  CHECK(body_of(router, "/x/1", "GET") == "got");

  const Reply refused = ask(router, "/x", "DELETE");
  CHECK(refused.status == "405 Method Not Allowed");
  CHECK(refused.allow == "GET, POST, HEAD, OPTIONS");
  CHECK(ask(router, "/y", "GET").allow == "PUT, PATCH, DELETE, PURGE, OPTIONS");
  CHECK(ask(router, "/x/1", "PUT").allow == "POST, GET, HEAD, OPTIONS");

  const Reply options = ask(router, "/x", "OPTIONS");
  CHECK(options.status == "204 No Content");
  CHECK(options.allow == "GET, POST, HEAD, OPTIONS");
  CHECK(status_of(router, "/none", "OPTIONS") == "404 Not Found");

  const Reply head = ask(router, "/x", "HEAD");
  CHECK(head.status == "200 OK");
  CHECK(head.body.empty());
  CHECK(status_of(router, "/y", "HEAD") == "405 Method Not Allowed");
  router.add("OPTIONS", "/x", [] { return "own"; });
  CHECK(body_of(router, "/x", "OPTIONS") == "own");
}

Chunks repeat(const Request& request, std::string_view word, int times) {
  for (int i = 0; i < times; ++i) {
    co_yield std::string(request.method()) + ' ' + std::string(word) + '\n';
  }
}

TEST_CASE("A coroutine may read the request to its end") {
  Router router;
  router.get("/{word}/{times:int}",
             [](const Request& request, std::string_view word, int times) {
               return Response(repeat(request, word, times), "text/plain");
             });
  CHECK(body_of(router, "/ha/3") == "GET ha\nGET ha\nGET ha\n");
}

TEST_CASE("What is said twice is refused") {
  Router router;
  router.get("/x", home, "x");
  CHECK_THROWS_AS(router.get("/x", home), ApplicationError);
  CHECK_THROWS_AS(router.post("/x", home, "x"), ApplicationError);
  CHECK_THROWS_AS(router.add("NO WAY", "/y", home), ApplicationError);
}

Body echo(Environ& env, const StartResponse& start_response) {
  start_response("200 OK", {{"Content-Type", "text/plain"}});
  return std::string(env["SCRIPT_NAME"]) + " " + std::string(env["PATH_INFO"]);
}

TEST_CASE("Applications and routers are mounted beneath a path") {
  Router blog;
  blog.get("/", [](const Request& request) { return request.script_name(); })
      .get(
          "/{id:int}", [](int id) { return std::to_string(id); }, "post");
  Router router;
  router.get("/static/version", home)
      .mount("/static", echo)
      .mount("/static/deep/", echo)
      .mount("/blog", blog, "blog");
  CHECK(body_of(router, "/static/a/b") == "/static /a/b");
  CHECK(body_of(router, "/static") == "/static ");
  CHECK(body_of(router, "/static/deep/x") == "/static/deep /x");
  CHECK(body_of(router, "/static/version") == "home");
  CHECK(status_of(router, "/statics") == "404 Not Found");
  CHECK(body_of(router, "/blog") == "/blog");
  CHECK(body_of(router, "/blog/12") == "12");
  CHECK(status_of(router, "/blog/x") == "404 Not Found");
  CHECK(router.url_for("blog.post", 12) == "/blog/12");
  CHECK_THROWS_AS(router.url_for("blog.none"), ApplicationError);
  CHECK_THROWS_AS(router.url_for("post", 12), ApplicationError);

  router.mount("", echo);
  CHECK(body_of(router, "/else") == " /else");
  CHECK(body_of(router, "/static/version") == "home");
}

TEST_CASE("A URL is built from the name of a route") {
  Router router;
  router.get("/", home, "home")
      .get(
          "/a b/{id:int}", [](int) { return ""; }, "number")
      .get(
          "/u/{name}/x", [](std::string) { return ""; }, "text")
      .get(
          "/f/{path:path}", [](std::string) { return ""; }, "path");
  CHECK(router.url_for("home") == "/");
  CHECK(router.url_for("number", 7) == "/a%20b/7");
  CHECK(router.url_for("number", "7") == "/a%20b/7");
  CHECK(router.url_for("text", "caf\xC3\xA9?") == "/u/caf%C3%A9%3F/x");
  CHECK(router.url_for("path", "a/b c") == "/f/a/b%20c");
  CHECK_THROWS_AS(router.url_for("none"), ApplicationError);
  CHECK_THROWS_AS(router.url_for("number"), ApplicationError);
  CHECK_THROWS_AS(router.url_for("number", 1, 2), ApplicationError);
  CHECK_THROWS_AS(router.url_for("number", -1), ApplicationError);
  CHECK_THROWS_AS(router.url_for("number", "x"), ApplicationError);
  for (const char* const text : {"", "a/b", "..", "."}) {
    CHECK_THROWS_AS(router.url_for("text", text), ApplicationError);
  }
  for (const char* const path : {"", "/evil", "a/../b", ".."}) {
    CHECK_THROWS_AS(router.url_for("path", path), ApplicationError);
  }
  test::TestEnviron test(Variables{{"SCRIPT_NAME", "/my app"}});
  CHECK(router.url_for(Request(test.env), "number", 7) == "/my%20app/a%20b/7");
}

TEST_CASE("A status is answered by whom it was given to") {
  Router router;
  router.get("/x", home)
      .get("/teapot", []() -> Response { throw HttpError(418, "short"); })
      .get("/secret", []() -> Response { throw HttpError(403); })
      .get("/form", [](const Request& request) {
        request.form();
        return Response();
      });
  CHECK(ask(router, "/teapot").status == "418 ");
  CHECK(ask(router, "/teapot").body == "short");
  CHECK(ask(router, "/teapot").log.empty());
  CHECK(status_of(router, "/secret") == "403 Forbidden");

  router.on_status(404, [](const Request& request, Response response) {
    return std::move(response).header("X", "y").status(404).header(
        "Allow", request.path());
  });
  router.on_status(405, [](Request&, Response response) {
    return Response("no").status(405).header(
        "Allow", *find_header(response.headers(), "Allow"));
  });
  router.on_status(403, [](Request&, Response) { return "sorry"; });
  CHECK(ask(router, "/none").allow == "/none");
  CHECK(ask(router, "/x", "PUT").body == "no");
  CHECK(ask(router, "/x", "PUT").allow == "GET, HEAD, OPTIONS");
  CHECK(ask(router, "/secret").body == "sorry");
}

struct Missing : std::runtime_error {
  using std::runtime_error::runtime_error;
};

TEST_CASE("An exception is answered by whom it was given to") {
  Router router;
  router.get("/missing", []() -> Response { throw Missing("book"); })
      .get("/broken", []() -> Response { throw std::logic_error("oh"); })
      .get("/gone", []() -> Response { throw ClientGone("left"); });
  const Reply plain = ask(router, "/missing");
  CHECK(plain.status == "500 Internal Server Error");
  CHECK(plain.log.find("book") != std::string::npos);

  router.on_exception<Missing>([](Request&, const Missing& missing) {
    return Response(std::string("no ") + missing.what()).status(404);
  });
  CHECK(ask(router, "/missing").body == "no book");
  CHECK(ask(router, "/missing").log.empty());
  CHECK(status_of(router, "/broken") == "500 Internal Server Error");

  router.on_status(500, [](Request&, Response) {
    return Response("we are sorry").status(500);
  });
  const Reply sorry = ask(router, "/broken");
  CHECK(sorry.body == "we are sorry");
  CHECK(sorry.log.find("oh") != std::string::npos);
  CHECK(ask(router, "/gone").status.empty());
}

TEST_CASE("A form that cannot be taken is answered through the router") {
  Router router({.most_fields = 1});
  router.post("/", [](const Request& request) {
    return std::string(request.form()["a"]);
  });
  const auto post = [&](const char* body) {
    test::RecordingExchange exchange;
    exchange.set("REQUEST_METHOD", "POST");
    exchange.set("CONTENT_TYPE", "application/x-www-form-urlencoded");
    exchange.set("CONTENT_LENGTH",
                 std::string_view(body).size() == 3 ? "3" : "7");
    exchange.input = test::TextSource(body);
    exchange.run(router);
    return exchange.output.status + ' ' + exchange.output.body();
  };
  CHECK(post("a=1") == "200 OK 1");
  CHECK(post("a=1&b=2").starts_with("413 Content Too Large"));
  router.on_status(413, [](Request&, Response) { return "too much"; });
  CHECK(post("a=1&b=2") == "200 OK too much");
}

}  // namespace
}  // namespace decant::web
