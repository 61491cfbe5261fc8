// SPDX-License-Identifier: MIT
#include "decant/service/process/pid_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "decant/error.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/temporary_directory.hpp"

namespace decant::service {
namespace {

using Catch::Matchers::Contains;
using test::TemporaryDirectory;

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string own_line() {
  return std::to_string(::getpid()) + '\n';
}

/// What keeps a PidFile from being made; empty when nothing does.
std::string complaint(const std::string& path) {
  try {
    const PidFile file(path);
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("a pid file says who runs while it runs", "[pid_file]") {
  const TemporaryDirectory directory;
  const std::string path = directory / "pid";
  {
    const PidFile file(path);
    CHECK(file.path() == path);
    CHECK(text_of(path) == own_line());
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0022) == 0);
  }
  CHECK(!std::filesystem::exists(path));
}

TEST_CASE("the pid file of a running service is refused", "[pid_file]") {
  const TemporaryDirectory directory;
  const std::string path = directory / "pid";
  const std::string pid = std::to_string(::getpid());
  const PidFile file(path);
  // A lock is no obstacle to the process that holds it.
  CHECK(test::in_child([&] {
          const std::string text = complaint(path);
          return text.find("is that of a running service, process " + pid +
                           "; stop that one") != std::string::npos
                     ? 0
                     : 1;
        }) == 0);
  CHECK(text_of(path) == own_line());
}

TEST_CASE("a pid file that was left behind is taken over", "[pid_file]") {
  const TemporaryDirectory directory;
  // A longer number than ours leaves nothing of itself.
  const std::string path = directory.write("pid", "12345678901234567890\n");
  {
    const PidFile file(path);
    CHECK(text_of(path) == own_line());
  }
  CHECK(!std::filesystem::exists(path));
}

TEST_CASE("a child neither keeps nor removes the pid file", "[pid_file]") {
  const TemporaryDirectory directory;
  const std::string path = directory / "pid";
  std::optional<PidFile> file(std::in_place, path);
  CHECK(test::in_child([&] {
          file.reset();
          return std::filesystem::exists(path) ? 0 : 1;
        }) == 0);
  CHECK(text_of(path) == own_line());
}

TEST_CASE("a pid file that another one has replaced stays", "[pid_file]") {
  const TemporaryDirectory directory;
  const std::string path = directory / "pid";
  {
    const PidFile file(path);
    std::filesystem::remove(path);
    directory.write("pid", "1\n");
  }
  CHECK(text_of(path) == "1\n");
}

TEST_CASE("a pid file is found again from another directory", "[pid_file]") {
  const TemporaryDirectory directory;
  CHECK(test::in_child([&] {
          if (::chdir(directory.path().c_str()) != 0) return 1;
          {
            const PidFile file("pid");
            if (::chdir("/") != 0) return 2;
          }
          return std::filesystem::exists(directory / "pid") ? 3 : 0;
        }) == 0);
}

TEST_CASE("a pid file that cannot be written is refused", "[pid_file]") {
  const TemporaryDirectory directory;
  CHECK_THAT(complaint(directory / "no/pid"),
             Contains("--pid-file: ") && Contains("No such file"));
  // Whoever may write to the directory could have it write elsewhere.
  const std::string precious = directory.write("precious", "12\n");
  std::filesystem::create_symlink(precious, directory / "link");
  CHECK_THAT(complaint(directory / "link"), Contains("--pid-file: "));
  CHECK(text_of(precious) == "12\n");
}

}  // namespace decant::service
