// SPDX-License-Identifier: MIT
#include <unistd.h>

#include "decant/error.hpp"
#include "decant/web/response.hpp"
#include "decant/web/send_file.hpp"
#include "support/catch.hpp"
#include "support/recording_exchange.hpp"
#include "support/temporary_directory.hpp"

namespace decant::web {
namespace {

using Variables = std::vector<Variable>;

struct Reply {
  std::string status;
  Headers headers;
  std::string body;

  std::string header(std::string_view name) const {
    const std::string* const value = find_header(headers, name);
    return value != nullptr ? *value : "none";
  }
};

/// Runs an application on a request with these variables.
Reply ask(const Application& application, const Variables& variables = {}) {
  test::RecordingExchange exchange;
  for (const auto& [name, value] : variables) exchange.set(name, value);
  exchange.run(application);
  return {exchange.output.status, exchange.output.headers,
          exchange.output.body()};
}

/// The same of what is made for each request.
template <class Make>
Reply ask_for(const Make& make, const Variables& variables = {}) {
  return ask(
      [&](Environ& env, const StartResponse& start_response) {
        return make(Request(env))(env, start_response);
      },
      variables);
}

/// A response of several ranges, against what each part says and holds.
void check_parts(
    const Reply& reply, const std::string& type,
    const std::vector<std::pair<std::string, std::string>>& parts) {
  const std::string kind = "multipart/byteranges; boundary=";
  const std::string whole_type = reply.header("Content-Type");
  REQUIRE(whole_type.starts_with(kind));
  const std::string boundary = "--" + whole_type.substr(kind.size());
  std::string expected;
  for (const auto& [range, bytes] : parts) {
    expected += (expected.empty() ? "" : "\r\n") + boundary +
                "\r\nContent-Type: " + type + "\r\nContent-Range: " + range +
                "\r\n\r\n" + bytes;
  }
  CHECK(reply.body == expected + "\r\n" + boundary + "--\r\n");
  CHECK(reply.header("Content-Length") == std::to_string(reply.body.size()));
}

TEST_CASE("A text is a response, and a response an application") {
  const Application application = Response("Hello");
  for (int i = 0; i < 2; ++i) {
    const Reply reply = ask(application);
    CHECK(reply.status == "200 OK");
    CHECK(reply.headers ==
          Headers{{"Content-Type", "text/plain; charset=utf-8"},
                  {"Content-Length", "5"}});
    CHECK(reply.body == "Hello");
  }
  CHECK(ask(html("<p>")).header("Content-Type") == "text/html; charset=utf-8");
  CHECK(ask(json("{}")).header("Content-Type") == "application/json");
  CHECK(ask(Response("a,b", "text/csv")).header("Content-Type") == "text/csv");
}

TEST_CASE("A status is given by its number") {
  CHECK(ask(Response("x").status(201)).status == "201 Created");
  CHECK(ask(Response(204)).status == "204 No Content");
  const Reply missing = ask(Response(404));
  CHECK(missing.status == "404 Not Found");
  CHECK(missing.body.find("404") != std::string::npos);
  CHECK(Response(503).status() == 503);
  CHECK_THROWS_AS(Response("x").status(99), ApplicationError);
  CHECK_THROWS_AS(Response("x").status(101), ApplicationError);
  CHECK_THROWS_AS(Response("x").status(1000), ApplicationError);
}

TEST_CASE("Headers are set and added") {
  const Reply reply = ask(Response("x")
                              .header("content-type", "text/x")
                              .add_header("Link", "<a>")
                              .add_header("Link", "<b>"));
  CHECK(reply.headers == Headers{{"content-type", "text/x"},
                                 {"Link", "<a>"},
                                 {"Link", "<b>"},
                                 {"Content-Length", "1"}});
  CHECK(ask(Response("x").header("X", "a\r\nb")).status ==
        "500 Internal Server Error");
}

TEST_CASE("A cookie is set, and forgotten") {
  Response response("x");
  response.set_cookie({.name = "a", .value = "b"}).delete_cookie("__Host-c");
  const Reply reply = ask(response);
  CHECK(reply.headers[1] ==
        std::pair<std::string, std::string>(
            "Set-Cookie", "a=b; Path=/; HttpOnly; SameSite=Lax"));
  CHECK(reply.headers[2].second ==
        "__Host-c=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; "
        "Secure; HttpOnly; SameSite=Lax");
  CHECK_THROWS_AS(response.set_cookie({.name = "a", .value = ";"}),
                  ApplicationError);
}

Chunks countdown() {
  co_yield "2 ";
  co_yield "1 ";
}

TEST_CASE("A body of any kind is sent once") {
  const Application application = Response(countdown(), "text/plain");
  const Reply reply = ask(application);
  CHECK(reply.body == "2 1 ");
  CHECK(reply.header("Content-Length") == "none");
  CHECK(ask(application).status == "500 Internal Server Error");
  CHECK(ask_for([](const Request&) {
          return Response(std::vector<std::string>{"a", "b"}, "text/plain");
        }).body == "ab");
}

TEST_CASE("A redirect leads to where a URL can lead") {
  const Reply reply = ask(redirect("/a b?c=\xC3\xA9&d=%20#e"));
  CHECK(reply.status == "302 Found");
  CHECK(reply.header("Location") == "/a%20b?c=%C3%A9&d=%20#e");
  CHECK(ask(redirect("/\r\nSet-Cookie: a=b")).header("Location") ==
        "/%0D%0ASet-Cookie:%20a=b");
  CHECK(redirect("x", 308).status() == 308);
  CHECK_THROWS_AS(redirect("/", 200), ApplicationError);
}

TEST_CASE("What is known of a text answers conditions and ranges") {
  const auto make = [](const Request& request) {
    return Response("0123456789")
        .header("ETag", "\"1\"")
        .header("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT")
        .make_conditional(request);
  };
  const Reply whole = ask_for(make);
  CHECK(whole.status == "200 OK");
  CHECK(whole.header("Accept-Ranges") == "bytes");

  const Reply unchanged = ask_for(make, {{"HTTP_IF_NONE_MATCH", "W/\"1\""}});
  CHECK(unchanged.status == "304 Not Modified");
  CHECK(unchanged.header("ETag") == "\"1\"");
  CHECK(unchanged.header("Content-Type") == "none");
  CHECK(unchanged.body.empty());
  CHECK(ask_for(make,
                {{"HTTP_IF_MODIFIED_SINCE", "Sun, 06 Nov 1994 08:49:37 GMT"}})
            .status == "304 Not Modified");
  CHECK(ask_for(make,
                {{"HTTP_IF_NONE_MATCH", "\"2\""},
                 {"HTTP_IF_MODIFIED_SINCE", "Sun, 06 Nov 1994 08:49:37 GMT"}})
            .status == "200 OK");
  CHECK(ask_for(make, {{"HTTP_IF_MATCH", "\"2\""}}).status ==
        "412 Precondition Failed");
  CHECK(ask_for(make, {{"REQUEST_METHOD", "PUT"}, {"HTTP_IF_NONE_MATCH", "*"}})
            .status == "200 OK");

  const Reply part = ask_for(make, {{"HTTP_RANGE", "bytes=2-4"}});
  CHECK(part.status == "206 Partial Content");
  CHECK(part.header("Content-Range") == "bytes 2-4/10");
  CHECK(part.body == "234");
  CHECK(ask_for(make, {{"HTTP_RANGE", "bytes=-3"}}).body == "789");
  CHECK(ask_for(make, {{"HTTP_RANGE", "bytes=8-20"}}).body == "89");
  const Reply parts = ask_for(make, {{"HTTP_RANGE", "bytes=1-2,-1"}});
  CHECK(parts.status == "206 Partial Content");
  CHECK(parts.header("Content-Range") == "none");
  check_parts(parts, "text/plain; charset=utf-8",
              {{"bytes 1-2/10", "12"}, {"bytes 9-9/10", "9"}});
  CHECK(ask_for(make, {{"HTTP_RANGE", "bytes=1-2,3-5"}}).body == "12345");
  CHECK(ask_for(make, {{"HTTP_RANGE", "bytes=20-,10-"}}).status ==
        "416 Range Not Satisfiable");
  CHECK(ask_for(make, {{"HTTP_RANGE", "bytes=4-2"}}).status == "200 OK");
  CHECK(ask_for(make, {{"HTTP_RANGE", "bytes=2-4"}, {"HTTP_IF_RANGE", "\"2\""}})
            .body == "0123456789");
  CHECK(ask_for(make, {{"HTTP_RANGE", "bytes=2-4"}, {"HTTP_IF_RANGE", "\"1\""}})
            .body == "234");
  const Reply beyond = ask_for(make, {{"HTTP_RANGE", "bytes=10-"}});
  CHECK(beyond.status == "416 Range Not Satisfiable");
  CHECK(beyond.header("Content-Range") == "bytes */10");
}

TEST_CASE("A tag is made of the text") {
  const std::string tag =
      *find_header(Response("a").etag_of_text().headers(), "ETag");
  CHECK(tag.starts_with("\"1-"));
  CHECK(tag.ends_with('"'));
  CHECK(*find_header(Response("b").etag_of_text().headers(), "ETag") != tag);
  CHECK(*find_header(Response("a").etag("x", true).headers(), "ETag") ==
        "W/\"x\"");
}

TEST_CASE("A file is sent with all that HTTP knows of files") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.write("a.txt", "0123456789");
  directory.write(".hidden", "x");
  const auto make = [&](const Request& request) {
    return send_file(request, path);
  };
  const Reply whole = ask_for(make);
  CHECK(whole.status == "200 OK");
  CHECK(whole.header("Content-Type") == "text/plain; charset=utf-8");
  CHECK(whole.header("Content-Length") == "10");
  CHECK(whole.body == "0123456789");
  const std::string etag = whole.header("ETag");
  CHECK(ask_for(make, {{"HTTP_IF_NONE_MATCH", etag}}).status ==
        "304 Not Modified");
  const Reply part = ask_for(make, {{"HTTP_RANGE", "bytes=5-"}});
  CHECK(part.status == "206 Partial Content");
  CHECK(part.body == "56789");
  CHECK(ask_for(make, {{"HTTP_RANGE", "bytes=10-"}}).status ==
        "416 Range Not Satisfiable");
  const Reply parts = ask_for(make, {{"HTTP_RANGE", "bytes=-2,0-1,4-4"}});
  CHECK(parts.status == "206 Partial Content");
  CHECK(parts.header("Content-Range") == "none");
  CHECK(parts.header("ETag") == etag);
  check_parts(
      parts, "text/plain; charset=utf-8",
      {{"bytes 8-9/10", "89"}, {"bytes 0-1/10", "01"}, {"bytes 4-4/10", "4"}});
  CHECK(ask_for(make,
                {{"HTTP_RANGE", "bytes=0-1,4-5"}, {"HTTP_IF_RANGE", "\"x\""}})
            .body == "0123456789");
  const Reply several_heads = ask_for(
      make, {{"REQUEST_METHOD", "HEAD"}, {"HTTP_RANGE", "bytes=0-1,4-5"}});
  CHECK(several_heads.status == "200 OK");
  CHECK(several_heads.header("Content-Length") == "10");
  const Reply posted = ask_for(make, {{"REQUEST_METHOD", "POST"},
                                      {"HTTP_IF_NONE_MATCH", etag},
                                      {"HTTP_RANGE", "bytes=5-"}});
  CHECK(posted.status == "200 OK");
  CHECK(posted.body == "0123456789");
  const Reply head = ask_for(make, {{"REQUEST_METHOD", "HEAD"}});
  CHECK(head.header("Content-Length") == "10");
  CHECK(head.body.empty());

  const Reply saved = ask_for([&](const Request& request) {
    return send_file(request, path,
                     {.type = "application/x",
                      .download_name = "caf\xC3\xA9 \"1\".txt",
                      .max_age = std::chrono::hours(1)});
  });
  CHECK(saved.header("Content-Type") == "application/x");
  CHECK(saved.header("Content-Disposition") ==
        "attachment; filename=\"caf__ _1_.txt\"; "
        "filename*=UTF-8''caf%C3%A9%20%221%22.txt");
  CHECK(saved.header("Cache-Control") == "max-age=3600");

  CHECK(ask_for([&](const Request& request) {
          return send_file(request, directory / "none");
        }).status == "404 Not Found");
  CHECK(ask_for([&](const Request& request) {
          return send_file(request, directory.path());
        }).status == "404 Not Found");
}

TEST_CASE("Parts of a large file come in chunks, and all of them") {
  const test::TemporaryDirectory directory;
  std::string bytes(300'000, 'x');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>('a' + i % 23);
  }
  const std::string path = directory.write("large.bin", bytes);
  const Reply parts = ask_for(
      [&](const Request& request) {
        return send_file(request, path, {.type = "application/x"});
      },
      {{"HTTP_RANGE", "bytes=10-150009,200000-299999"}});
  check_parts(parts, "application/x",
              {{"bytes 10-150009/300000", bytes.substr(10, 150'000)},
               {"bytes 200000-299999/300000", bytes.substr(200'000)}});
}

TEST_CASE("A file beneath a directory is nowhere else") {
  const test::TemporaryDirectory directory;
  directory.write("a.txt", "a");
  directory.write(".hidden", "x");
  REQUIRE(::symlink("/etc/passwd", (directory / "link").c_str()) == 0);
  const auto status = [&](std::string_view name) {
    return ask_for([&](const Request& request) {
             return send_file_beneath(request, directory.path(), name);
           })
        .status;
  };
  CHECK(status("a.txt") == "200 OK");
  for (const char* const name : {"none", "link", ".hidden", "../etc/passwd",
                                 "/etc/passwd", "", "a.txt/", "a\nb"}) {
    CAPTURE(name);
    CHECK(status(name) == "404 Not Found");
  }
  CHECK(ask_for([&](const Request& request) {
          return send_file_beneath(request, directory / "none", "a.txt");
        }).status == "500 Internal Server Error");
}

TEST_CASE("HTML is escaped") {
  CHECK(html_escaped("<a href=\"x\">'&'</a>") ==
        "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
}

TEST_CASE("Vary names each field once") {
  Headers headers;
  add_vary(headers, "Accept");
  add_vary(headers, "Origin");
  add_vary(headers, "accept");
  CHECK(headers == Headers{{"Vary", "Accept, Origin"}});
  headers = {{"vary", "*"}};
  add_vary(headers, "Accept");
  CHECK(headers == Headers{{"vary", "*"}});
}

}  // namespace
}  // namespace decant::web
