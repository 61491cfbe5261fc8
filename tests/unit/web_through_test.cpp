// SPDX-License-Identifier: MIT
// The same test through the gateway and through every door.
#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "decant/error.hpp"
#include "decant/web/client.hpp"
#include "decant/web/router.hpp"
#include "decant/web/send_file.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

namespace decant::web {
namespace {

using Catch::Matchers::Contains;

constexpr std::size_t large = 5'000'000;

/// Bytes that tell where a piece is missing; made once.
std::string pattern(std::size_t size) {
  static const std::string bytes = [] {
    std::string made(large, '\0');
    for (std::size_t i = 0; i < made.size(); ++i) {
      made[i] = static_cast<char>(i * 7 % 251);
    }
    return made;
  }();
  return bytes.substr(0, size);
}

Chunks stream(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    co_yield std::string(1000, static_cast<char>('a' + i % 26));
}

Chunks broken_stream() {
  co_yield "a beginning";
  throw Error("the middle is missing");
}

Router site() {
  Router router;
  router.get("/query", [](const Request& request) {
    std::string text;
    for (const auto& [name, value] : request.args()) {
      text.append(name).append("=").append(value).append(";");
    }
    return text;
  });
  router.post("/form", [](const Request& request) {
    std::string text;
    for (const auto& [name, value] : request.form()) {
      text.append(name).append("=").append(value).append(";");
    }
    for (const UploadedFile& file : request.files()) {
      text.append(file.filename()).append(":").append(file.content_type());
      text.append(file.text(large) == pattern(file.size()) ? ":same:"
                                                           : ":other:");
      text += std::to_string(file.size());
    }
    return text;
  });
  router.post("/json", [](const Request& request) {
    return json(request.json(2 * large));
  });
  router.get("/login", [](const Request& request) {
    return redirect("me", 303).set_cookie(
        {.name = "user", .value = std::string(request.args()["u"])});
  });
  router.get("/me", [](const Request& request) {
    return std::string(request.cookies()["user"]);
  });
  router.get("/stream", [] { return Response(stream(3000), "text/plain"); });
  router.get("/large", [] { return Response(pattern(large), "image/x"); });
  router.get("/cut", [] { return Response(broken_stream(), "text/plain"); });
  router.get("/broken", []() -> Response { throw Error("it is broken"); });
  router.get("/words", [](const Request& request) {
    request.env().errors().write("a word for the log\n");
    return request.url() + ' ' + std::string(request.scheme()) + ' ' +
           std::string(request.header("X-Mine"));
  });
  router.get("/empty", [] { return Response(204); });
  router.get("/headers", [] {
    return Response("x").add_header("Link", "<a>").add_header("Link", "<b>");
  });
  return router;
}

std::string through_any() {
  return GENERATE(as<std::string>{}, "gateway", "cgi", "fcgi", "http", "scgi",
                  "uwsgi");
}

TEST_CASE("An application is asked through every door alike") {
  const std::string door = through_any();
  CAPTURE(door);
  Client client(site(), {.redirects = 3});
  client.through(door);

  const Reply query = client.get("/query?a=b+c&d=%C3%A9&a=2");
  CHECK(query.status == 200);
  CHECK(query.status_line == "200 OK");
  CHECK(query.outcome == Outcome::complete);
  CHECK(query.body == "a=b c;d=\xC3\xA9;a=2;");
  CHECK(query.header("Content-Type") == "text/plain; charset=utf-8");
  CHECK(query.header("Content-Length") == std::to_string(query.body.size()));
  CHECK(query.url == "http://localhost/query?a=b+c&d=%C3%A9&a=2");

  CHECK(client.post("/form", Payload::form({{"a", "1 2"}, {"b", "&"}})).body ==
        "a=1 2;b=&;");
  CHECK(client
            .post("/form", Payload::multipart(
                               {{"a", "b"}}, {{"f", "x \xC3\xA9.bin", "image/x",
                                               pattern(large)}}))
            .body == "a=b;x \xC3\xA9.bin:image/x:same:5000000");

  CHECK(client.get("/login?u=ada").body == "ada");
  CHECK(client.get("/login?u=ada").url == "http://localhost/me");
  CHECK(client.get("/me").body == "ada");
  client.cookies().clear();
  CHECK(client.get("/me").body.empty());

  const Reply streamed = client.get("/stream");
  CHECK(streamed.body.size() == 3'000'000);
  CHECK(streamed.body.substr(999, 2) == "ab");
  CHECK(streamed.outcome == Outcome::complete);
  CHECK(streamed.header("Transfer-Encoding").empty());
  CHECK(client.get("/large").body == pattern(large));
  const std::string text(large, 'x');
  CHECK(client.post("/json", Payload::json(text)).body == text);

  const Reply head = client.head("/large");
  CHECK(head.status == 200);
  CHECK(head.body.empty());
  CHECK(head.header("Content-Length") == "5000000");
  CHECK(head.outcome == Outcome::complete);
  CHECK(client.get("/empty").status == 204);
  CHECK(client.get("/empty").outcome == Outcome::complete);
  CHECK(client.get("/none").status == 404);
  CHECK(client.del("/me").status == 405);
  const Reply headers = client.get("/headers");
  CHECK(std::count_if(
            headers.headers.begin(), headers.headers.end(),
            [](const auto& header) { return header.first == "Link"; }) == 2);
}

TEST_CASE("A failure is seen through every door alike") {
  const std::string door = through_any();
  CAPTURE(door);
  Client client(site());
  client.through(door);
  const Reply broken = client.get("/broken");
  CHECK(broken.status == 500);
  CHECK(broken.outcome == Outcome::failed);
  CHECK_THAT(broken.log, Contains("decant: GET /broken: it is broken\n"));
  CHECK(broken.body.find("it is broken") == std::string::npos);

  const Reply cut = client.get("/cut");
  CHECK(cut.status == 200);
  CHECK(cut.outcome == Outcome::cut_short);
  CHECK_THAT(cut.log, Contains("the middle is missing"));
  CHECK_THAT(cut.log, !Contains("it is broken"));

  const Reply refused = client.post("/form", {"text/plain", "x"});
  CHECK(refused.status == 415);
  const Reply words = client.get("/words", {{"X-Mine", "b"}});
  CHECK(words.body == "http://localhost/words http b");
  CHECK(words.log == "a word for the log\n");
  CHECK(words.outcome == Outcome::complete);
  CHECK(client.get("https://example.org:8443/words").body ==
        "https://example.org:8443/words https ");
  CHECK(client.get("http://example.org/words").body ==
        "http://example.org/words http ");
}

TEST_CASE("What the application refuses of a body is refused everywhere") {
  const std::string door = through_any();
  CAPTURE(door);
  Client client([](Environ&, const StartResponse&) -> Body {
    throw GatewayError("form: too much of it", 413);
  });
  client.through(door);
  // It is answered before it has been read.
  const Reply reply = client.post("/", {"text/plain", std::string(large, 'x')});
  CHECK(reply.status == 413);
  CHECK(reply.outcome == Outcome::refused);
}

TEST_CASE("A body in chunks is sent so where there are chunks") {
  const std::string door = through_any();
  CAPTURE(door);
  Client client([](Environ& env, const StartResponse& start_response) -> Body {
    start_response("200 OK", {{"Content-Type", "text/plain"}});
    const std::string body = env.input().read();
    const bool has_length = !env["CONTENT_LENGTH"].empty();
    return (body == pattern(large) ? "whole" : "not whole") +
           std::string(has_length ? ", with a length" : "");
  });
  client.through(door);
  const Reply reply = client.post("/", {"image/x", pattern(large)},
                                  {{"Transfer-Encoding", "chunked"}});
  CHECK(reply.body == (door == "http" ? "whole" : "whole, with a length"));
}

TEST_CASE("A file is sent through every door alike") {
  const std::string door = through_any();
  CAPTURE(door);
  const test::TemporaryDirectory directory;
  const std::string path = directory.write("f.bin", pattern(300'000));
  Router router;
  router.get("/", [&](const Request& request) {
    return send_file(request, path, {.type = "image/x"});
  });
  Client client(router);
  client.through(door);
  CHECK(client.get("/").body == pattern(300'000));
  const Reply part = client.get("/", {{"Range", "bytes=100-250099"}});
  CHECK(part.status == 206);
  CHECK(part.body == pattern(300'000).substr(100, 250'000));
  const Reply parts = client.get("/", {{"Range", "bytes=0-149999,200000-"}});
  CHECK(parts.status == 206);
  CHECK(parts.body.size() > 250'000);
  CHECK(parts.header("Content-Length") == std::to_string(parts.body.size()));
  CHECK(parts.outcome == Outcome::complete);
}

TEST_CASE("Through a service the application is in the test's own memory") {
  const std::string door =
      GENERATE(as<std::string>{}, "gateway", "fcgi", "http", "scgi", "uwsgi");
  CAPTURE(door);
  int asked = 0;
  Client client([&](Environ& env, const StartResponse& start_response) -> Body {
    ++asked;
    CHECK_FALSE(env.multithread());
    start_response("200 OK", {{"Content-Type", "text/plain"}});
    return "x";
  });
  client.through(door);
  client.get("/");
  client.get("/");
  CHECK(asked == 2);
}

TEST_CASE("Through CGI the application is a process for each request") {
  ::setenv("HTTP_PROXY", "not-of-the-request", 1);
  ::setenv("DECANT_TEST_WORD", "kept", 1);
  const pid_t self = ::getpid();
  int asked = 0;
  Client client([&](Environ& env, const StartResponse& start_response) -> Body {
    ++asked;
    std::printf("printed\n");  // goes to the log, and in no response
    start_response("200 OK", {{"Content-Type", "text/plain"}});
    const char* const word = std::getenv("DECANT_TEST_WORD");
    const char* const method = std::getenv("REQUEST_METHOD");
    return std::string(::getpid() == self ? "here" : "there") + ' ' +
           std::to_string(asked) + ' ' + (word != nullptr ? word : "") + ' ' +
           (method != nullptr ? method : "") + ' ' +
           std::string(env["HTTP_PROXY"]) + ' ' +
           (env.run_once() ? "once" : "often");
  });
  client.through("cgi");
  for (int i = 0; i < 2; ++i) {
    const Reply reply = client.get("/");
    CHECK(reply.body == "there 1 kept GET  once");
    CHECK(reply.log == "printed\n");
  }
  CHECK(asked == 0);
  ::unsetenv("HTTP_PROXY");
  ::unsetenv("DECANT_TEST_WORD");
}

TEST_CASE("A CGI process that dies is a failure, and no end of the test") {
  Router router;
  router.get("/abort", []() -> Response {
    ::raise(SIGKILL);
    return "never";
  });
  router.get("/exit", []() -> Response { ::_exit(0); });
  router.get("/x", [] { return "x"; });
  Client client(router);
  client.through("cgi");
  const Reply killed = client.get("/abort");
  CHECK(killed.status == 0);
  CHECK(killed.outcome == Outcome::failed);
  CHECK_THAT(killed.log, Contains("ended by signal 9"));
  CHECK(client.get("/exit").outcome == Outcome::failed);
  CHECK(client.get("/x").body == "x");
}

int open_descriptors() {
  int count = 0;
  DIR* const folder = ::opendir("/proc/self/fd");
  REQUIRE(folder != nullptr);
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count;
}

TEST_CASE("Nothing is left of a door") {
  const std::string door = through_any();
  CAPTURE(door);
  const auto use = [&] {
    Client client(site());
    client.through(door);
    Client copy = client;
    CHECK(client.get("/query").status == 200);
    CHECK(copy.get("https://localhost/broken").status == 500);
    client.through("gateway");
    CHECK(copy.get("/query").status == 200);
  };
  use();  // what is opened once stays open
  const int before = open_descriptors();
  for (int i = 0; i < 3; ++i) use();
  CHECK(open_descriptors() == before);
  // No child, ended or not.
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
  CHECK(errno == ECHILD);
}

TEST_CASE("Who takes too long is not waited for") {
  const std::string door = GENERATE(as<std::string>{}, "cgi", "http");
  CAPTURE(door);
  const test::TemporaryDirectory directory;
  const std::string go = directory / "go";
  Client client(
      [&](Environ&, const StartResponse& start_response) -> Body {
        while (::access(go.c_str(), F_OK) != 0) ::usleep(1000);
        start_response("200 OK", {{"Content-Type", "text/plain"}});
        return "late";
      },
      {.timeout = std::chrono::seconds(1)});
  client.through(door);
  CHECK_THROWS_WITH(client.get("/"), Contains("came in time"));
  if (door == "cgi") {  // it was killed
    CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
  }
  directory.write("go", "");
  CHECK(client.get("/").body == "late");
}

TEST_CASE("A door that is none is named, and those that there are") {
  Client client(site());
  CHECK_THROWS_AS(client.through("ftp"), std::invalid_argument);
  CHECK_THROWS_WITH(client.through(""),
                    "client: \"\" is no door; give cgi, fcgi, http, scgi, "
                    "uwsgi or gateway");
  CHECK(client.get("/query").status == 200);
  for (const char* const door : {"cgi", "scgi"}) {
    client.through(door);
    CHECK_THROWS_AS(client.get("/%00"), UsageError);
  }
  client.through("uwsgi");
  CHECK_THROWS_AS(client.get("/", {{"X", std::string(66'000, 'x')}}),
                  UsageError);
  client.through("http");
  CHECK(client.get("/%00").status == 400);
  CHECK(client.get("/" + std::string(9000, 'x')).status == 414);
  CHECK(client.get("/" + std::string(9000, 'x')).outcome == Outcome::refused);
}

}  // namespace
}  // namespace decant::web
