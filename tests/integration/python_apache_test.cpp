// SPDX-License-Identifier: MIT
// The Python hello, as a file that is dropped where Apache runs programs: its
// first line finds decant in the PATH of Apache.
#include <filesystem>

#include "integration/python_fixtures.hpp"
#include "integration/web_server.hpp"
#include "support/catch.hpp"

using namespace decant::test;

namespace {

Pairs with_path(const std::string& folder) {
  return {{"PATH", folder + ":/usr/bin:/bin"}};
}

}  // namespace

TEST_CASE("hello.py answers from Apache's cgi-bin", "[python-apache]") {
  if (no_python() || missing("apache2", "apache2")) return;
  const TemporaryDirectory directory;
  const std::string cgi_bin = make_cgi_bin(directory);
  const WebServer apache = start_apache(
      directory, {"alias", "cgid"},
      "ScriptSock " + directory / "cgid.sock" + "\n" +
          example("apache-cgi.conf", {{"/usr/lib/cgi-bin", cgi_bin}}),
      with_path(directory / "programs"));
  const std::string target =
      GENERATE(as<std::string>(), "/cgi-bin/hello.py",
               "/cgi-bin/hello.py/path?query", "/cgi-bin/hello.py?--help");
  CAPTURE(target, read_file(directory / "error.log"));
  const HttpResponse response = http_get(apache.port(), target);
  CHECK(response.status == 200);
  CHECK(response.header("Content-Type") == "text/plain");
  CHECK(response.body == "Hello world!\n");
}

TEST_CASE("hello.py answers when Apache's mod_fcgid starts it",
          "[python-fcgid]") {
  if (no_python() || missing("apache2", "apache2") ||
      missing_file("/usr/lib/apache2/modules/mod_fcgid.so",
                   "libapache2-mod-fcgid")) {
    return;
  }
  const TemporaryDirectory directory;
  const std::string programs = copy_programs(directory);
  const std::string folder = directory / "fcgi-bin";
  std::filesystem::create_directory(folder);
  // Apache looks for every wrapper that its configuration names.
  std::filesystem::copy_file(DECANT_EXAMPLE_SOURCES "/hello.py",
                             folder + "/hello.py");
  const WebServer apache = start_apache(
      directory, {"alias", "fcgid"},
      "FcgidIPCDir " + directory / "ipc" + "\nFcgidProcessTableFile " +
          directory / "table" + "\n" +
          example("apache-fcgi.conf",
                  {{"/usr/lib/fcgi-bin", folder},
                   {"/usr/lib/decant/hello", programs + "/hello"}}),
      with_path(programs));
  for (const char* const target :
       {"/fcgi-bin/hello.py", "/fcgi-bin/hello.py/path?query"}) {
    CAPTURE(target, read_file(directory / "error.log"));
    const HttpResponse response = http_get(apache.port(), target);
    CHECK(response.status == 200);
    CHECK(response.body == "Hello world!\n");
  }
}

TEST_CASE("hello.py answers as the wrapper of Apache's mod_fcgid",
          "[python-fcgid]") {
  if (no_python() || missing("apache2", "apache2") ||
      missing_file("/usr/lib/apache2/modules/mod_fcgid.so",
                   "libapache2-mod-fcgid")) {
    return;
  }
  const TemporaryDirectory directory;
  const std::string programs = copy_programs(directory);
  std::filesystem::copy_file(DECANT_EXAMPLE_SOURCES "/hello.py",
                             programs + "/hello.py");
  const WebServer apache = start_apache(
      directory, {"alias", "fcgid"},
      "FcgidIPCDir " + directory / "ipc" + "\nFcgidProcessTableFile " +
          directory / "table" + "\n" +
          example("apache-fcgi.conf",
                  {{"/usr/lib/decant/hello", programs + "/hello.py"}}),
      with_path(programs));
  const HttpResponse response = http_get(apache.port(), "/fcgid/page?q=1");
  CAPTURE(read_file(directory / "error.log"));
  CHECK(response.status == 200);
  CHECK(response.body == "Hello world!\n");
}
