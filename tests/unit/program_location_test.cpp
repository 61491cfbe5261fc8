// SPDX-License-Identifier: MIT
#include <filesystem>

#include "decant/application/program/location.hpp"
#include "decant/error.hpp"
#include "support/catch.hpp"
#include "support/recording_exchange.hpp"
#include "support/script.hpp"

using namespace decant;
using namespace decant::program;
using namespace decant::test;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

/// A directory of programs and of what must not be run.
struct CgiBin {
  CgiBin() {
    fs::create_directory(directory / "bin");
    fs::create_directory(directory / "bin/sub");
    fs::create_directory(directory / "bin/.hidden");
    write("prog.cgi");
    write("tool");
    write("sub/deep.cgi");
    write(".secret.cgi");
    write(".hidden/x.cgi");
    write_script(directory, "outside.cgi", "");
    directory.write("bin/plain.cgi", "not executable");
    fs::create_symlink("prog.cgi", directory / "bin/link.cgi");
    fs::create_symlink("../outside.cgi", directory / "bin/out.cgi");
    fs::create_symlink("/bin/sh", directory / "bin/shell.cgi");
    fs::create_symlink("..", directory / "bin/up");
  }
  void write(const std::string& name) const {
    write_script(directory, "bin/" + name, "");
  }

  /// The status that comes of it; 200 with `found` where a program does.
  int find(const Variables& variables,
           const std::vector<std::string>& extensions = {}) {
    const TestEnviron environ_of(variables);
    try {
      found = Directory(directory / "bin/", extensions).find(environ_of.env);
      return 200;
    } catch (const GatewayError& error) {
      complaint = error.what();
      return error.status();
    }
  }
  int find_path(std::string_view path) { return find({{"PATH_INFO", path}}); }
  std::string bin(const std::string& name) const {
    return directory / "bin/" + name;
  }

  TemporaryDirectory directory;
  Location found;
  std::string complaint;
};

}  // namespace

TEST_CASE("the path of the URL leads to a program", "[program]") {
  CgiBin cgi;
  REQUIRE(cgi.find_path("/prog.cgi") == 200);
  CHECK(cgi.found.file == cgi.bin("prog.cgi"));
  CHECK(cgi.found.script_name == "/prog.cgi");
  CHECK(cgi.found.path_info.empty());
  REQUIRE(cgi.find_path("/sub/deep.cgi/a//b/../c") == 200);
  CHECK(cgi.found.file == cgi.bin("sub/deep.cgi"));
  CHECK(cgi.found.script_name == "/sub/deep.cgi");
  CHECK(cgi.found.path_info == "/a//b/../c");
  REQUIRE(cgi.find_path("/tool/") == 200);
  CHECK(cgi.found.path_info == "/");
}

TEST_CASE("a mount point is kept in front of the program", "[program]") {
  CgiBin cgi;
  REQUIRE(cgi.find({{"SCRIPT_NAME", "/cgi-bin"},
                    {"PATH_INFO", "/prog.cgi/x"}}) == 200);
  CHECK(cgi.found.script_name == "/cgi-bin/prog.cgi");
  CHECK(cgi.found.path_info == "/x");
  REQUIRE(cgi.find({{"SCRIPT_NAME", "/prog.cgi"}, {"PATH_INFO", "/tool"}}) ==
          200);
  CHECK(cgi.found.script_name == "/prog.cgi");
  CHECK(cgi.found.path_info == "/tool");
}

TEST_CASE("SCRIPT_FILENAME names the program where it lies beneath",
          "[program]") {
  CgiBin cgi;
  const std::string file = cgi.bin("prog.cgi");
  const std::string longer = file + "/x/y";
  SECTION("with the URL as PATH_INFO") {
    REQUIRE(cgi.find({{"SCRIPT_FILENAME", file},
                      {"PATH_INFO", "/cgi-bin/prog.cgi"}}) == 200);
    CHECK(cgi.found.script_name == "/cgi-bin/prog.cgi");
    CHECK(cgi.found.path_info.empty());
  }
  SECTION("parted by the web server") {
    REQUIRE(cgi.find({{"SCRIPT_FILENAME", file},
                      {"SCRIPT_NAME", "/a/prog.cgi"},
                      {"PATH_INFO", "/x"}}) == 200);
    CHECK(cgi.found.script_name == "/a/prog.cgi");
    CHECK(cgi.found.path_info == "/x");
  }
  SECTION("with more behind it") {
    REQUIRE(cgi.find({{"SCRIPT_FILENAME", longer},
                      {"PATH_INFO", "/a/prog.cgi/x/y"}}) == 200);
    CHECK(cgi.found.file == file);
    CHECK(cgi.found.script_name == "/a/prog.cgi");
    CHECK(cgi.found.path_info == "/x/y");
  }
  SECTION("under another name") {
    REQUIRE(cgi.find({{"SCRIPT_FILENAME", file},
                      {"SCRIPT_NAME", "/git"},
                      {"PATH_INFO", "/repo"}}) == 200);
    CHECK(cgi.found.script_name == "/git");
    CHECK(cgi.found.path_info == "/repo");
  }
  SECTION("outside, it is not looked at") {
    CHECK(cgi.find({{"SCRIPT_FILENAME", "/bin/sh"},
                    {"PATH_INFO", "/nothing"}}) == 404);
    REQUIRE(cgi.find({{"SCRIPT_FILENAME", "/bin/sh"},
                      {"PATH_INFO", "/tool"}}) == 200);
    CHECK(cgi.found.file == cgi.bin("tool"));
  }
}

TEST_CASE("what is not there or never served gives 404", "[program]") {
  CgiBin cgi;
  const std::string path =
      GENERATE(as<std::string>(), "/", "", "/nothing", "/sub", "/sub/",
               "/sub/nothing.cgi", "/.secret.cgi", "/.hidden/x.cgi",
               "/../outside.cgi", "/sub/../prog.cgi", "/./prog.cgi",
               "//prog.cgi", "/prog.cgi\n", std::string("/prog.cgi\0x", 11),
               std::string("/") + std::string(300, 'x'));
  CAPTURE(path);
  CHECK(cgi.find_path(path) == 404);
  CHECK(cgi.find({{"SCRIPT_FILENAME", cgi.bin(path)}, {"PATH_INFO", "/q"}}) ==
        404);
}

TEST_CASE("what is there and no program gives 403 with the cure", "[program]") {
  CgiBin cgi;
  CHECK(cgi.find_path("/plain.cgi") == 403);
  CHECK_THAT(cgi.complaint, Contains("chmod +x"));
  CHECK(cgi.find_path("/out.cgi") == 403);
  CHECK_THAT(cgi.complaint, Contains("leads out of its directory"));
  CHECK(cgi.find_path("/shell.cgi") == 403);
  CHECK(cgi.find_path("/up/outside.cgi") == 403);
  REQUIRE(cgi.find_path("/link.cgi/x") == 200);  // a link that stays beneath
  CHECK(cgi.found.path_info == "/x");
}

TEST_CASE("the endings of programs can be limited", "[program]") {
  CgiBin cgi;
  CHECK(cgi.find({{"PATH_INFO", "/prog.cgi"}}, {".pl", ".cgi"}) == 200);
  CHECK(cgi.find({{"PATH_INFO", "/tool"}}, {".pl", ".cgi"}) == 403);
  CHECK_THAT(cgi.complaint, Contains("--extension"));
}

TEST_CASE("as with fcgiwrap, the web server names any program", "[program]") {
  CgiBin cgi;
  const std::string file = cgi.bin("prog.cgi");
  const std::string root = cgi.directory.path();
  const auto find = [&](const Variables& variables,
                        std::vector<std::string> allowed = {}) {
    const TestEnviron environ_of(variables);
    try {
      cgi.found = Anywhere(std::move(allowed)).find(environ_of.env);
      return 200;
    } catch (const GatewayError& error) {
      return error.status();
    }
  };
  REQUIRE(find({{"SCRIPT_FILENAME", file}, {"PATH_INFO", "/bin/prog.cgi"}}) ==
          200);
  CHECK(cgi.found.file == file);
  CHECK(cgi.found.script_name == "/bin/prog.cgi");
  CHECK(cgi.found.path_info.empty());
  REQUIRE(find({{"DOCUMENT_ROOT", root},
                {"SCRIPT_NAME", "/bin/prog.cgi"},
                {"PATH_INFO", "/x"}}) == 200);
  CHECK(cgi.found.file == file);
  CHECK(cgi.found.script_name == "/bin/prog.cgi");
  CHECK(cgi.found.path_info == "/x");
  CHECK(find({{"SCRIPT_FILENAME", file}}, {file}) == 200);
  CHECK(find({{"SCRIPT_FILENAME", file}}, {cgi.bin("tool")}) == 403);
  CHECK(find({{"SCRIPT_FILENAME", cgi.bin("plain.cgi")}}) == 403);
  CHECK(find({{"SCRIPT_FILENAME", cgi.bin("sub")}}) == 403);
  CHECK(find({{"SCRIPT_FILENAME", cgi.bin("nothing")}}) == 404);
  CHECK(find({{"SCRIPT_FILENAME", cgi.bin("sub/../prog.cgi")}}) == 404);
  CHECK(find({{"SCRIPT_FILENAME", "bin/prog.cgi"}}) == 404);
  CHECK(find({{"PATH_INFO", "/bin/sh"}}) == 200);
  CHECK(find({}) == 404);
}
