// SPDX-License-Identifier: MIT
// --static: files of a directory in front of an application.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "integration/fixtures.hpp"
#include "support/catch.hpp"
#include "support/http_client.hpp"

using namespace decant::test;
using Catch::Matchers::Contains;
using Catch::Matchers::Equals;

namespace {

namespace fs = std::filesystem;

/// A site with everything that may lie in one.
class Site {
 public:
  Site() {
    fs::create_directories(root_ / "sub");
    fs::create_directories(root_ / ".well-known");
    fs::create_directories(root_ / ".git");
    fs::create_directories(root_ / "empty");
    fs::create_directories(root_ / "a b");
    write("hello.txt", "0123456789");
    write("page.html", "<p>page");
    write("style.css", "css");
    write("script.js", "js");
    write("data", "data");
    write("UPPER.TXT", "upper");
    write("sub/index.html", "index");
    write("a b/index.html", "blank");
    write(".hidden", "hidden");
    write(".git/config", "secret");
    write(".well-known/security.txt", "security");
    write(".well-known/.hidden", "hidden");
    write("coded.css", "plain css");
    write("coded.css.gz", "gzip");
    write("coded.css.br", "brotli");
    write("zero", "");
    write("large", std::string(300'000, 'x'));
    std::ofstream(fs::path(directory_.path()) / "outside") << "outside";
    fs::create_symlink("hello.txt", root_ / "inside");
    fs::create_symlink("../outside", root_ / "leads-out");
    fs::create_symlink("/etc/passwd", root_ / "leads-far");
    fs::create_directory_symlink("..", root_ / "up");
    ::mkfifo((root_ / "fifo").c_str(), 0644);
  }

  HttpResponse ask(const std::string& target, const std::string& lines = {},
                   const std::string& method = "GET") const {
    HttpClient client(service_.endpoint());
    client.send(method + ' ' + target + " HTTP/1.1\r\nHost: h\r\n" + lines +
                "\r\n");
    return client.receive(method == "HEAD");
  }
  int status(const std::string& target, const std::string& lines = {},
             const std::string& method = "GET") const {
    return ask(target, lines, method).status;
  }

 private:
  /// Before the service starts, which opens it.
  static fs::path made(const fs::path& path) {
    fs::create_directory(path);
    return path;
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(root_ / name) << text;
  }

  TemporaryDirectory directory_;
  fs::path root_ = made(fs::path(directory_.path()) / "root");
  Service service_{
      {application("http_echo"), "--static", "/static=" + root_.string()},
      "unix:" + directory_ / "s",
      "http"};
};

}  // namespace

TEST_CASE("static files are found, and nothing else", "[http-static]") {
  const Site site;
  CHECK(site.ask("/static/hello.txt").body == "0123456789");
  CHECK(site.ask("/static/inside").body == "0123456789");
  CHECK(site.ask("/static/sub/").body == "index");
  CHECK(site.ask("/static/a%20b/").body == "blank");
  CHECK(site.ask("/static/zero").body.empty());
  CHECK(site.ask("/static/large").body.size() == 300'000);
  CHECK(site.ask("/static/.well-known/security.txt").body == "security");
  CHECK_THAT(site.ask("/other").body, Contains("path=/other\n"));
  CHECK_THAT(site.ask("/statics").body, Contains("path=/statics\n"));
  for (const char* const target : {"/static/missing",
                                   "/static/.hidden",
                                   "/static/.git/config",
                                   "/static/.well-known/.hidden",
                                   "/static/sub/.well-known/x",
                                   "/static/../outside",
                                   "/static/%2e%2e/outside",
                                   "/static/sub/../data",
                                   "/static/./data",
                                   "/static//data",
                                   "/static/leads-out",
                                   "/static/leads-far",
                                   "/static/up/outside",
                                   "/static/up/root/data",
                                   "/static/fifo",
                                   "/static/hello.txt/",
                                   "/static/hello.txt/x",
                                   "/static/empty/",
                                   "/static/",
                                   "/static/a%0Ab",
                                   "/static/%7F",
                                   "/static/..",
                                   "/static/..%2foutside"}) {
    CAPTURE(target);
    const HttpResponse response = site.ask(target);
    CHECK(response.status == 404);
    CHECK_THAT(response.body, Equals("404 Not Found\n"));
  }
}

TEST_CASE("of several prefixes the longest counts", "[http-static]") {
  const TemporaryDirectory directory;
  fs::create_directories(fs::path(directory.path()) / "one");
  fs::create_directories(fs::path(directory.path()) / "two");
  std::ofstream(fs::path(directory / "one") / "file") << "one";
  std::ofstream(fs::path(directory / "two") / "file") << "two";
  const Service service(
      {application("http_echo"), "--static", "/a/b=" + directory / "two",
       "--static", "/a=" + directory / "one"},
      "unix:" + directory / "s", "http");
  const auto body = [&](const std::string& target) {
    HttpClient client(service.endpoint());
    client.send(http_request("GET", target));
    return client.receive().body;
  };
  CHECK(body("/a/file") == "one");
  CHECK(body("/a/b/file") == "two");
}

TEST_CASE("a directory without its slash is redirected", "[http-static]") {
  const Site site;
  const HttpResponse response = site.ask("/static/sub?a=b");
  CHECK(response.status == 301);
  CHECK(response.header("Location") == "/static/sub/?a=b");
  CHECK(site.ask("/static/a%20b").header("Location") == "/static/a%20b/");
  CHECK(site.ask("/static").header("Location") == "/static/");
}

TEST_CASE("static files have a type by their name", "[http-static]") {
  const Site site;
  const auto type = [&](const std::string& name) {
    return site.ask("/static/" + name).header("Content-Type");
  };
  CHECK(type("hello.txt") == "text/plain; charset=utf-8");
  CHECK(type("UPPER.TXT") == "text/plain; charset=utf-8");
  CHECK(type("page.html") == "text/html; charset=utf-8");
  CHECK(type("style.css") == "text/css; charset=utf-8");
  CHECK(type("script.js") == "text/javascript; charset=utf-8");
  CHECK(type("data") == "application/octet-stream");
}

TEST_CASE("GET and HEAD alone reach static files", "[http-static]") {
  const Site site;
  const HttpResponse head = site.ask("/static/hello.txt", "", "HEAD");
  CHECK(head.status == 200);
  CHECK(head.header("Content-Length") == "10");
  const HttpResponse post = site.ask("/static/hello.txt", "", "POST");
  CHECK(post.status == 405);
  CHECK(post.header("Allow") == "GET, HEAD");
  CHECK(site.status("/static/hello.txt", "", "DELETE") == 405);
}

TEST_CASE("what a client has is not sent again", "[http-static]") {
  const Site site;
  const HttpResponse first = site.ask("/static/hello.txt");
  const std::string etag = first.header("ETag");
  const std::string modified = first.header("Last-Modified");
  CHECK(etag.size() > 2);
  const auto status = [&](const std::string& lines) {
    return site.status("/static/hello.txt", lines);
  };
  CHECK(status("If-None-Match: " + etag + "\r\n") == 304);
  CHECK(status("If-None-Match: W/" + etag + "\r\n") == 304);
  CHECK(status("If-None-Match: \"x\", " + etag + "\r\n") == 304);
  CHECK(status("If-None-Match: *\r\n") == 304);
  CHECK(status("If-None-Match: \"x\"\r\n") == 200);
  CHECK(status("If-Modified-Since: " + modified + "\r\n") == 304);
  CHECK(status("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n") == 200);
  CHECK(status("If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n") == 200);
  CHECK(status("If-Modified-Since: Sun Nov  6 08:49:37 1994\r\n") == 200);
  CHECK(status("If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\n") == 304);
  CHECK(status("If-Modified-Since: yesterday\r\n") == 200);
  // The tag counts where there is one (RFC 9110 section 13.1.3).
  CHECK(status("If-None-Match: \"x\"\r\nIf-Modified-Since: " + modified +
               "\r\n") == 200);
  CHECK(status("If-Match: " + etag + "\r\n") == 200);
  CHECK(status("If-Match: W/" + etag + "\r\n") == 412);
  CHECK(status("If-Match: \"x\"\r\n") == 412);
  CHECK(status("If-Match: *\r\n") == 200);
  CHECK(status("If-Unmodified-Since: " + modified + "\r\n") == 200);
  CHECK(status("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n") ==
        412);
}

TEST_CASE("one range of a static file", "[http-static]") {
  const Site site;
  const HttpResponse first = site.ask("/static/hello.txt");
  CHECK(first.header("Accept-Ranges") == "bytes");
  struct Row {
    const char* range;
    int status;
    const char* body;
    const char* content_range;
  };
  for (const Row& row :
       {Row{"bytes=0-3", 206, "0123", "bytes 0-3/10"},
        Row{"bytes=4-", 206, "456789", "bytes 4-9/10"},
        Row{"bytes=-3", 206, "789", "bytes 7-9/10"},
        Row{"bytes=9-9", 206, "9", "bytes 9-9/10"},
        Row{"bytes=5-100", 206, "56789", "bytes 5-9/10"},
        Row{"bytes=-100", 206, "0123456789", "bytes 0-9/10"},
        Row{"bytes=10-", 416, "416 Range Not Satisfiable\n", "bytes */10"},
        Row{"bytes=-0", 416, "416 Range Not Satisfiable\n", "bytes */10"},
        Row{"bytes=3-1", 200, "0123456789", ""},
        Row{"bytes=0-1,2-4", 206, "01234", "bytes 0-4/10"},
        Row{"bytes=a-b", 200, "0123456789", ""},
        Row{"bytes=", 200, "0123456789", ""},
        Row{"bytes=-", 200, "0123456789", ""},
        Row{"bytes=99999999999999999999-", 200, "0123456789", ""},
        Row{"lines=0-1", 200, "0123456789", ""}}) {
    CAPTURE(row.range);
    const HttpResponse response = site.ask(
        "/static/hello.txt", std::string("Range: ") + row.range + "\r\n");
    CHECK(response.status == row.status);
    CHECK(response.body == row.body);
    CHECK(response.header("Content-Range") == row.content_range);
    CHECK(response.complete);
  }
  const auto status = [&](const std::string& condition) {
    return site.status("/static/hello.txt",
                       "Range: bytes=0-1\r\nIf-Range: " + condition + "\r\n");
  };
  CHECK(status(first.header("ETag")) == 206);
  CHECK(status("W/" + first.header("ETag")) == 200);
  CHECK(status("\"x\"") == 200);
  CHECK(status(first.header("Last-Modified")) == 206);
  CHECK(status("Sun, 06 Nov 1994 08:49:37 GMT") == 200);
  // By sendfile too.
  const HttpResponse large =
      site.ask("/static/large", "Range: bytes=100-199999\r\n");
  CHECK(large.status == 206);
  CHECK(large.body.size() == 199'900);
}

TEST_CASE("several ranges of a static file", "[http-static]") {
  const Site site;
  const auto several = [&](const std::string& file, const std::string& range) {
    return site.ask("/static/" + file, "Range: bytes=" + range + "\r\n");
  };
  const HttpResponse parts = several("hello.txt", "0-1,4-5,-1");
  CHECK(parts.status == 206);
  CHECK(parts.complete);
  const std::string type = parts.header("Content-Type");
  REQUIRE(type.starts_with("multipart/byteranges; boundary="));
  const std::string boundary = "--" + type.substr(type.find('=') + 1);
  const auto part = [&](const char* range) {
    return boundary + "\r\nContent-Type: text/plain; charset=utf-8\r\n" +
           "Content-Range: bytes " + range + "/10\r\n\r\n";
  };
  CHECK(parts.body == part("0-1") + "01\r\n" + part("4-5") + "45\r\n" +
                          part("9-9") + "9\r\n" + boundary + "--\r\n");
  CHECK(parts.header("Content-Length") == std::to_string(parts.body.size()));
  CHECK(several("hello.txt", "10-,20-").status == 416);
  CHECK(several("large", "0-99999,150000-199999").body.size() > 150'000);
  // Parts would have no coding.
  const HttpResponse coded = site.ask(
      "/static/coded.css", "Accept-Encoding: br\r\nRange: bytes=0-0,2-2\r\n");
  CHECK(coded.status == 200);
  CHECK(coded.body == "brotli");
}

TEST_CASE("a coded sibling for who accepts it", "[http-static]") {
  const Site site;
  const auto coding = [&](const std::string& accepted) {
    const HttpResponse response =
        site.ask("/static/coded.css", "Accept-Encoding: " + accepted + "\r\n");
    CHECK(response.header("Vary") == "Accept-Encoding");
    CHECK(response.header("Content-Type") == "text/css; charset=utf-8");
    return response.header("Content-Encoding") + ' ' + response.body;
  };
  CHECK(coding("gzip") == "gzip gzip");
  CHECK(coding("br") == "br brotli");
  CHECK(coding("gzip, deflate, br") == "br brotli");
  CHECK(coding("gzip;q=1, br;q=0.5") == "gzip gzip");
  CHECK(coding("gzip;q=0") == " plain css");
  CHECK(coding("identity") == " plain css");
  CHECK(coding("GZIP") == "gzip gzip");
  CHECK(coding("*") == "br brotli");
  CHECK(coding("*, br;q=0") == "gzip gzip");
  CHECK(coding("identity, *;q=0") == " plain css");
  CHECK(site.ask("/static/coded.css").body == "plain css");
  CHECK(
      site.ask("/static/coded.css").header("ETag") !=
      site.ask("/static/coded.css", "Accept-Encoding: br\r\n").header("ETag"));
  CHECK(site.ask("/static/style.css").header("Vary").empty());
}
