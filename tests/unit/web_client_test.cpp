// SPDX-License-Identifier: MIT
#include "decant/error.hpp"
#include "decant/web/client.hpp"
#include "decant/web/reference.hpp"
#include "decant/web/router.hpp"
#include "support/catch.hpp"

namespace decant::web {
namespace {

Response echo(const Request& request) {
  return std::string(request.method()) + ' ' + request.url() + ' ' +
         std::string(request.header("Content-Type")) + ' ' + request.body();
}

Router site() {
  Router router;
  router.get("/echo", echo).post("/echo", echo).put("/echo", echo);
  router.patch("/echo", echo).del("/echo", echo);
  router.post("/form", [](const Request& request) {
    std::string text;
    for (const auto& [name, value] : request.form()) {
      text.append(name).append("=").append(value).append(";");
    }
    for (const UploadedFile& file : request.files()) {
      text.append(file.filename()).append(":").append(file.text());
    }
    return text;
  });
  router.get("/login", [](const Request& request) {
    return redirect("me?x=1", 303)
        .set_cookie(
            {.name = "user", .value = std::string(request.args()["u"])});
  });
  router.get("/me", [](const Request& request) {
    return std::string(request.cookies()["user"]);
  });
  router.get("/logout", [](const Request&) {
    return redirect("/me").delete_cookie("user");
  });
  router.post("/moved", [] { return redirect("/echo", 302); });
  router.post("/moved307", [] { return redirect("/echo", 307); });
  router.get("/loop", [] { return redirect("/loop"); });
  router.get("/broken", []() -> Response { throw Error("broken"); });
  return router;
}

TEST_CASE("A client asks as it is told") {
  Client client(site());
  const Reply reply = client.get("/echo?a=b", {{"Host", "example.org"}});
  CHECK(reply.status == 200);
  CHECK(reply.status_line == "200 OK");
  CHECK(reply.header("content-type") == "text/plain; charset=utf-8");
  CHECK(reply.body == "GET http://example.org/echo?a=b  ");
  CHECK(reply.outcome == Outcome::complete);
  CHECK(reply.url == "http://localhost/echo?a=b");
  CHECK(client.get("https://example.org:8443/echo").body ==
        "GET https://example.org:8443/echo  ");
  CHECK(client.post("/echo", Payload::json("{}")).body ==
        "POST http://localhost/echo application/json {}");
  CHECK(client.put("/echo", {"text/x", "y"}).body ==
        "PUT http://localhost/echo text/x y");
  CHECK(client.patch("/echo").body == "PATCH http://localhost/echo  ");
  CHECK(client.del("/echo").body == "DELETE http://localhost/echo  ");
  CHECK(client.head("/echo").body.empty());
  CHECK(client.head("/echo").status == 200);
  CHECK(client.request("PURGE", "/echo").status == 405);
}

TEST_CASE("A client sends forms and files") {
  Client client(site());
  CHECK(client.post("/form", Payload::form({{"a", "1 2"}, {"b", "&"}})).body ==
        "a=1 2;b=&;");
  CHECK(
      client
          .post("/form", Payload::multipart({{"a", "decant-boundary-0"}},
                                            {{"f", "x.txt", "text/plain",
                                              "\r\n--decant-boundary-1\r\n"}}))
          .body == "a=decant-boundary-0;x.txt:\r\n--decant-boundary-1\r\n");
}

TEST_CASE("A client keeps cookies and follows redirects when it is told") {
  Client client(site());
  const Reply login = client.get("/login?u=ada");
  CHECK(login.status == 303);
  CHECK(client.follow(login).body == "ada");
  CHECK(client.follow(login).url == "http://localhost/me?x=1");
  CHECK(client.get("/me").body == "ada");
  CHECK(client.get("http://elsewhere/me").body.empty());
  CHECK(client.follow(client.get("/logout")).body.empty());
  CHECK_THROWS_AS(client.follow(client.get("/me")), UsageError);

  Client browser(site(), {.redirects = 3});
  CHECK(browser.get("/login?u=bob").body == "bob");
  CHECK(browser.post("/moved", Payload::json("{}")).body ==
        "GET http://localhost/echo  ");
  CHECK(browser.post("/moved307", Payload::json("{}")).body ==
        "POST http://localhost/echo application/json {}");
  CHECK_THROWS_AS(browser.get("/loop"), Error);
  browser.cookies().clear();
  CHECK(browser.get("/me").body.empty());
}

TEST_CASE("A client sees failures as a web server does") {
  Client client(site());
  const Reply broken = client.get("/broken");
  CHECK(broken.status == 500);
  CHECK(broken.outcome == Outcome::failed);
  CHECK(broken.log.find("broken") != std::string::npos);
  // The contract holds: a header that is none is seen.
  Client breaker([](Environ&, const StartResponse& start_response) -> Body {
    start_response("200 OK",
                   {{"Content-Type", "text/plain"}, {"bad name", ""}});
    return "x";
  });
  CHECK(breaker.get("/").status == 500);
  CHECK_THROWS_AS(client.get("/a b"), UsageError);
  CHECK_THROWS_AS(client.get("ftp://localhost/"), UsageError);
  CHECK_THROWS_AS(client.request("NO WAY", "/"), UsageError);
  CHECK_THROWS_AS(client.get("/", {{"A", "b\r\nC: d"}}), UsageError);
}

TEST_CASE("Cookies go where they belong") {
  CookieJar jar;
  const auto names = [&](std::string_view host, std::string_view path,
                         bool secure = true, std::time_t now = 1000) {
    std::string text;
    for (const auto& [name, value] : jar.cookies_for(host, path, secure, now)) {
      text += name;
    }
    return text;
  };
  jar.set("a=1", "example.org", "/x/y", 1000);
  jar.set("b=1; Domain=example.org; Path=/", "www.example.org", "/", 1000);
  jar.set("c=1; Path=/x/y; Secure", "example.org", "/", 1000);
  jar.set("d=1; Path=/; Max-Age=10", "example.org", "/", 1000);
  jar.set("e=1; Domain=other.org", "example.org", "/", 1000);
  jar.set("f=1; Domain=ample.org", "example.org", "/", 1000);
  jar.set("g=1; Path=/; Expires=Thu, 01 Jan 1970 00:00:01 GMT", "example.org",
          "/", 1000);
  CHECK(names("example.org", "/x/y/z") == "cabd");
  CHECK(names("EXAMPLE.org", "/x/y", false) == "abd");
  CHECK(names("example.org", "/x/yz") == "abd");
  CHECK(names("example.org", "/xy") == "bd");
  CHECK(names("www.example.org", "/x/y") == "b");
  CHECK(names("notexample.org", "/x/y").empty());
  CHECK(names("example.org", "/", true, 1010) == "b");
  jar.set("d=2; Path=/", "example.org", "/", 1000);
  CHECK(names("example.org", "/", true, 1010) == "bd");
  jar.set("d=; Path=/; Max-Age=0", "example.org", "/", 1000);
  CHECK(names("example.org", "/") == "b");
  jar.set("n=1; Domain=0.0.1", "127.0.0.1", "/", 1000);
  CHECK(names("127.0.0.1", "/").empty());
}

TEST_CASE("References lead where RFC 3986 section 5.4 says") {
  const auto resolve = [](std::string_view reference) {
    return resolve_reference("http://a/b/c/d;p?q", reference);
  };
  const std::pair<const char*, const char*> vectors[] = {
      {"g:h", "g:h"},
      {"g", "http://a/b/c/g"},
      {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},
      {"//g", "http://g"},
      {"?y", "http://a/b/c/d;p?y"},
      {"g?y", "http://a/b/c/g?y"},
      {"#s", "http://a/b/c/d;p?q"},
      {"g#s", "http://a/b/c/g"},
      {";x", "http://a/b/c/;x"},
      {"", "http://a/b/c/d;p?q"},
      {".", "http://a/b/c/"},
      {"./", "http://a/b/c/"},
      {"..", "http://a/b/"},
      {"../", "http://a/b/"},
      {"../g", "http://a/b/g"},
      {"../..", "http://a/"},
      {"../../g", "http://a/g"},
      {"../../../g", "http://a/g"},
      {"/./g", "http://a/g"},
      {"/../g", "http://a/g"},
      {"g.", "http://a/b/c/g."},
      {"..g", "http://a/b/c/..g"},
      {"./../g", "http://a/b/g"},
      {"./g/.", "http://a/b/c/g/"},
      {"g/../h", "http://a/b/c/h"},
      {"g?y/./x", "http://a/b/c/g?y/./x"},
      {"x:1", "x:1"}};
  for (const auto& [reference, url] : vectors) {
    CAPTURE(reference);
    CHECK(resolve(reference) == url);
  }
  CHECK(resolve_reference("http://a", "g") == "http://a/g");
  CHECK(resolve_reference("http://a?x=/", "/g") == "http://a/g");
}

}  // namespace
}  // namespace decant::web
