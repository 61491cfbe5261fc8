// SPDX-License-Identifier: MIT
// Forms and files as curl and a browser send them, through every kind of door.
#include <cstdint>
#include <filesystem>

#include "decant/application/program.hpp"
#include "decant/web/client.hpp"
#include "integration/fixtures.hpp"
#include "integration/web_server.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace decant::test;
using Catch::Matchers::Contains;

namespace {

std::string fnv1a(const std::string& bytes) {
  std::uint32_t hash = 2166136261U;
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  }
  return std::to_string(hash);
}

const std::string file_line =
    "image/x, 300000 bytes, fnv1a " + fnv1a(browser_content()) + "\n";

std::string http_url(const Service& service) {
  return "http://" + service.endpoint() + "/";
}

/// curl sends two fields and a file to `url`, which is web_form.
void check_curl(const std::string& url) {
  const TemporaryDirectory directory;
  const std::string file = directory.write("f", browser_content());
  const Ran form =
      run_clean({find_tool("curl"), "-sS", "-F", "text=caf\xC3\xA9 & \"co\"",
                 "--form-string", "area=one\r\ntwo\r\n", "-F",
                 "file=@" + file + ";filename=a b.bin;type=image/x", url});
  CHECK(form.err.empty());
  CHECK(form.out ==
        "text=caf\xC3\xA9 & \"co\"\narea=one\r\ntwo\r\n\n"
        "file: a b.bin, " +
            file_line);
  const Ran plain = run_clean({find_tool("curl"), "-sS", "--data-urlencode",
                               "text=caf\xC3\xA9 & co", "-d", "a=1+2", url});
  CHECK(plain.out == "text=caf\xC3\xA9 & co\na=1 2\n");
  // Without a length: curl sends it in chunks.
  const Ran chunked =
      run_clean({find_tool("curl"), "-sS", "-H", "Transfer-Encoding: chunked",
                 "-F", "file=@" + file + ";filename=x;type=image/x", url});
  CHECK(chunked.out == "file: x, " + file_line);
}

}  // namespace

TEST_CASE("forms of curl arrive whole over HTTP", "[web]") {
  if (missing("curl", "curl")) return;
  const Service service({application("web_form")}, "127.0.0.1:0", "http");
  check_curl(http_url(service));
}

TEST_CASE("forms of curl arrive whole through nginx", "[web]") {
  if (missing("curl", "curl") || missing("nginx", "nginx-light")) return;
  const TemporaryDirectory directory;
  let_all_enter(directory);
  const Service service({application("web_form")}, "unix:" + directory / "s");
  const WebServer nginx = start_nginx(directory, service.endpoint());
  check_curl("http://127.0.0.1:" + std::to_string(nginx.port()) + "/");
}

TEST_CASE("forms of curl arrive whole in Apache's cgi-bin", "[web]") {
  if (missing("curl", "curl") || missing("apache2", "apache2")) return;
  const TemporaryDirectory directory;
  const WebServer apache = start_apache(
      directory, {"alias", "cgid"},
      "ScriptSock " + directory / "cgid.sock" + "\n" +
          example("apache-cgi.conf",
                  {{"/usr/lib/cgi-bin", make_cgi_bin(directory)}}));
  check_curl("http://127.0.0.1:" + std::to_string(apache.port()) +
             "/cgi-bin/web_form/");
}

TEST_CASE("the form of a browser arrives whole", "[web-browser]") {
  if (missing("chromium", "chromium")) return;
  const Service service({application("web_form")}, "127.0.0.1:0", "http");
  const std::string page = browse(http_url(service));
  CHECK_THAT(page, Contains("text=caf\xC3\xA9 &amp; \"co\"\n"
                            "area=one"));
  // WHATWG: of the name of a file only quotes and line ends are escaped.
  CHECK_THAT(page, Contains("file: a %22b%22\xC3\xA9.bin, " + file_line));
  CHECK_THAT(page, !Contains("none:"));
}

TEST_CASE("the client asks a program of its own through CGI", "[web]") {
  const auto folder = std::filesystem::path(hello_binary()).parent_path();
  decant::web::Client client(decant::program::load(folder / "routes"));
  CHECK(client.get("/users/7").body == "{\"id\": 7}\n");
  CHECK(client.post("/users", decant::web::Payload::form({{"name", "Ann"}}))
            .body == "Welcome, Ann.\n");
  CHECK(client.del("/users").header("Allow") == "POST, OPTIONS");
  CHECK(client.get("/none").status == 404);
}

TEST_CASE("the uploads example tells how far a file has come", "[web]") {
  const TemporaryDirectory directory;
  const std::string uploads = directory / "uploads";
  std::filesystem::create_directory(uploads);
  const Service service({plugin("uploads"), "--env", "UPLOADS=" + uploads},
                        "127.0.0.1:0", "http");
  const auto progress = [&service] {
    HttpClient client(service.endpoint());
    client.send(http_request("GET", "/progress/mine"));
    return client.receive().body;
  };
  const std::string head =
      "--xyz\r\nContent-Disposition: form-data; name=\"f\"; "
      "filename=\"x\"\r\n\r\n";
  const std::string request =
      "POST / HTTP/1.1\r\nHost: h\r\nX-Request-ID: mine\r\n"
      "Content-Type: multipart/form-data; boundary=xyz\r\nContent-Length: " +
      std::to_string(head.size() + 100000 + 11) + "\r\n\r\n" + head +
      std::string(70000, 'x');
  const std::string nothing = "No file of that id is on its way.\n";
  CHECK(progress() == nothing);
  HttpClient client(service.endpoint());
  client.send(request);
  CHECK(wait_until([&] { return progress() == "{\"bytes\": 70000}\n"; }));
  CHECK_FALSE(std::filesystem::exists(uploads + "/x"));
  client.send(std::string(30000, 'x') + "\r\n--xyz--\r\n");
  CHECK(client.receive().body == "x, 100000 bytes\n");
  CHECK(std::filesystem::file_size(uploads + "/x") == 100000);
  CHECK(progress() == nothing);

  // One that is cut off leaves nothing.
  HttpClient leaver(service.endpoint());
  leaver.send(request);
  CHECK(wait_until([&] { return progress() != nothing; }));
  leaver.close();
  CHECK(wait_until([&] { return progress() == nothing; }));
  HttpClient breaker(service.endpoint());
  breaker.send(
      http_request("POST", "/", head + "begun",
                   {{"Content-Type", "multipart/form-data; boundary=xyz"}}));
  CHECK(breaker.receive().status == 400);
  CHECK(std::distance(std::filesystem::directory_iterator(uploads), {}) == 1);
}
