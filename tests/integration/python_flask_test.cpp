// SPDX-License-Identifier: MIT
// The Flask site of examples/: behind nginx, by `decant run` and `decant cgi`.
#include "integration/python_fixtures.hpp"
#include "integration/web_server.hpp"
#include "support/catch.hpp"

using namespace decant::test;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using decant::Headers;

namespace {

bool no_flask() {
  return no_python_module("flask", "Flask");
}

/// A copy of the site, and how decant is told of it.
struct FlaskSite {
  FlaskSite()
      : words({copy_site(directory, "flask_site") + "/app.py", "--env",
               "FLASK_FILES=" + directory / "files"}) {}

  TemporaryDirectory directory;
  Words words;
};

struct FlaskBehindNginx : FlaskSite {
  FlaskBehindNginx()
      : service(words, "unix:" + directory / "s"),
        nginx(start_nginx_site(directory, "nginx-flask.conf",
                               {{"/run/decant/flask.sock", directory / "s"}})) {
  }

  Service service;
  WebServer nginx;
};

void check_form(const Ask& ask) {
  const HttpResponse page = ask({"/"});
  CHECK(page.status == 200);
  CHECK(page.header("Content-Type") == "text/html; charset=utf-8");
  CHECK(page.complete);
  const HttpResponse greeting =
      ask({"/",
           "POST",
           {{"Content-Type", "application/x-www-form-urlencoded"}},
           "name=Ada+%26+Bob"});
  CHECK(greeting.status == 200);
  CHECK_THAT(greeting.body, Contains("<p>Good day, Ada &amp; Bob.</p>"));
}

void check_upload_and_download(const Ask& ask) {
  const std::string content = some_content(3'000'000);
  const Form form = multipart_form({}, "a photo.jpg", content);
  const HttpResponse stored =
      ask({"/files/", "POST", {{"Content-Type", form.type}}, form.body});
  CHECK(stored.status == 302);
  CHECK_THAT(stored.header("Location"), EndsWith("/files/a_photo.jpg"));
  const HttpResponse file = ask({"/files/a_photo.jpg"});
  CHECK(file.status == 200);
  CHECK(file.header("Content-Type") == "image/jpeg");
  CHECK(file.header("Content-Length") == std::to_string(content.size()));
  CHECK(file.complete);
  CHECK((file.body == content));  // not to be printed
  // What follows from a file's position and length: a part of it.
  const HttpResponse part =
      ask({"/files/a_photo.jpg", "GET", {{"Range", "bytes=1000000-1000099"}}});
  CHECK(part.status == 206);
  CHECK(part.body == content.substr(1'000'000, 100));
  CHECK(ask({"/files/missing.jpg"}).status == 404);
}

}  // namespace

TEST_CASE("a Flask site behind nginx: form, upload, file", "[flask-nginx]") {
  if (no_flask() || missing("nginx", "nginx-light")) return;
  const FlaskBehindNginx site;
  const Ask ask = ask_http(site.nginx.port());
  check_form(ask);
  check_upload_and_download(ask);
  CHECK_THAT(site.service.log(), !Contains("Traceback"));
}

TEST_CASE("a Flask site behind nginx streams each chunk as it is made",
          "[flask-nginx]") {
  if (no_flask() || missing("nginx", "nginx-light")) return;
  const FlaskBehindNginx site;
  const Ask ask = ask_http(site.nginx.port());
  const auto bring = [&](const std::string& message) {
    CHECK(ask({"/messages",
               "POST",
               {{"Content-Type", "application/x-www-form-urlencoded"}},
               "message=" + message})
              .status == 204);
  };
  HttpClient follower(site.nginx.port());
  follower.send(http_request("GET", "/messages"));
  // It is here before there is a message that the next chunk is made of.
  REQUIRE(follower.read_until("Waiting.\n"));
  bring("one");
  REQUIRE(follower.read_until("one\n"));
  CHECK_THAT(follower.received(), !Contains("two"));
  bring("two");
  REQUIRE(follower.read_until("two\n"));
  bring("");
  const HttpResponse response = follower.receive();
  CHECK(response.complete);
  CHECK(response.body == "Waiting.\none\ntwo\n");
}

TEST_CASE("a Flask site by decant run and decant cgi", "[flask]") {
  if (no_flask()) return;
  const FlaskSite site;
  const bool by_run = GENERATE(true, false);
  const Ask ask = by_run ? ask_run(site.words) : ask_cgi(site.words);
  CAPTURE(by_run);
  check_form(ask);
  check_upload_and_download(ask);
}
