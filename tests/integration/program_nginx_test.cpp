// SPDX-License-Identifier: MIT
// CGI programs that people use, behind nginx: the scripts of examples/, git
// over HTTP with the real git, cgit.
#include <filesystem>
#include <random>

#include "integration/fixtures.hpp"
#include "integration/web_server.hpp"
#include "support/catch.hpp"
#include "support/script.hpp"

using namespace decant::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
namespace fs = std::filesystem;

namespace {

const std::string git_backend = "/usr/lib/git-core/git-http-backend";
const std::string cgit = "/usr/lib/cgit/cgit.cgi";

/// nginx-cgi.conf, with what its first lines say to start.
struct Site {
  Site()
      : cgi({"program:" + std::string(DECANT_EXAMPLE_SOURCES) + "/cgi-bin/",
             "--script-name", "/cgi-bin"},
            "unix:" + directory / "cgi"),
        git({"program:" + git_backend, "--script-name", "/git", "--env",
             "GIT_PROJECT_ROOT=" + repositories(), "--env",
             "GIT_HTTP_EXPORT_ALL=1"},
            "unix:" + directory / "git"),
        nginx(start_nginx_site(directory, "nginx-cgi.conf",
                               {{"/run/decant/cgi.sock", directory / "cgi"},
                                {"/run/decant/git.sock", directory / "git"}})) {
  }

  std::string repositories() const { return directory / "repositories"; }
  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(nginx.port()) +
           "/git/project.git";
  }
  /// The git client, knowing nothing of whoever runs the tests.
  Ran run_git(const std::string& folder, Words words) const {
    words.insert(words.begin(),
                 {find_tool("git"), "-C", folder, "-c", "user.name=Test", "-c",
                  "user.email=test@localhost"});
    return run_clean(
        words, "", {{"HOME", directory.path()}, {"GIT_CONFIG_NOSYSTEM", "1"}});
  }

  TemporaryDirectory directory;
  Service cgi;
  Service git;
  WebServer nginx;
};

/// Bytes that no compression makes fewer.
std::string noise(std::size_t size) {
  std::mt19937 random(1);
  std::string text(size, '\0');
  for (char& byte : text) byte = static_cast<char>(random());
  return text;
}

}  // namespace

TEST_CASE("the scripts of the examples answer behind nginx",
          "[program-nginx]") {
  if (missing("nginx", "nginx-light") || missing("perl", "perl")) return;
  if (missing_file(git_backend, "git")) return;
  const Site site;
  const HttpResponse hello =
      http_get(site.nginx.port(), "/cgi-bin/hello.sh/you");
  CHECK(hello.status == 200);
  CHECK(hello.body == "Hello you from a shell script!\n");
  HttpClient client(site.nginx.port());
  client.send(http_request("POST", "/cgi-bin/form.pl", "b=2&a=1"));
  CHECK(client.receive().body == "2 fields: a b\n");
  const HttpResponse refused = http_get(site.nginx.port(), "/cgi-bin/form.pl");
  CHECK(refused.status == 405);
  CHECK(refused.header("Allow") == "POST");
  CHECK(http_get(site.nginx.port(), "/cgi-bin/").status == 404);
  CHECK(http_get(site.nginx.port(), "/cgi-bin/none.sh").status == 404);
}

TEST_CASE("git pushes and clones 20 megabytes through nginx",
          "[program-nginx]") {
  if (missing("nginx", "nginx-light") || missing("git", "git")) return;
  const Site site;
  fs::create_directories(site.repositories());
  const std::string work = site.directory / "work";
  fs::create_directory(work);
  const std::string contents = noise(20 << 20);
  site.directory.write("work/large", contents);
  REQUIRE(site.run_git(site.repositories(),
                       {"init", "--quiet", "--bare", "project.git"})
              .status == 0);
  REQUIRE(site.run_git(work, {"init", "--quiet"}).status == 0);
  REQUIRE(site.run_git(work, {"add", "."}).status == 0);
  REQUIRE(site.run_git(work, {"commit", "--quiet", "-m", "large"}).status == 0);

  const Ran push =
      site.run_git(work, {"push", "--quiet", site.url(), "HEAD:main"});
  INFO(push.err << site.git.log());
  REQUIRE(push.status == 0);
  const Ran clone = site.run_git(
      site.directory.path(),
      {"clone", "--quiet", "--branch", "main", site.url(), "cloned"});
  INFO(clone.err << site.git.log());
  REQUIRE(clone.status == 0);
  CHECK(read_file(site.directory / "cloned/large") == contents);
  CHECK_THAT(site.git.log(), !Contains("exited with") && !Contains("ended"));
}

TEST_CASE("cgit shows a repository behind nginx", "[program-nginx]") {
  if (missing("nginx", "nginx-light") || missing("git", "git")) return;
  if (missing_file(cgit, "cgit")) return;
  const TemporaryDirectory directory;
  fs::create_directory(directory / "srv");
  REQUIRE(run_clean({find_tool("git"), "init", "--quiet", "--bare",
                     directory / "srv/project.git"})
              .status == 0);
  const std::string config = directory.write(
      "cgitrc",
      "css=/cgit-css/cgit.css\nscan-path=" + directory / "srv" + "\n");
  const Service service({"program:" + cgit, "--script-name", "/cgit", "--env",
                         "CGIT_CONFIG=" + config},
                        "unix:" + directory / "s");
  const WebServer nginx =
      start_nginx_site(directory, "nginx-cgit.conf",
                       {{"/run/decant/cgit.sock", directory / "s"}});
  const HttpResponse list = http_get(nginx.port(), "/cgit/");
  CHECK(list.status == 200);
  CHECK_THAT(list.header("Content-Type"), StartsWith("text/html"));
  CHECK_THAT(list.body, Contains("href='/cgit/project.git/'"));
  CHECK_THAT(http_get(nginx.port(), "/cgit/project.git/").body,
             Contains("project.git"));
  CHECK(http_get(nginx.port(), "/cgit-css/cgit.css").status == 200);
}
