// SPDX-License-Identifier: MIT
#include "decant/service/process/source_watch.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "decant/runtime.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

namespace decant::service {
namespace {

std::vector<std::string> loaded;  // a runtime is asked without a context

/// A runtime that has loaded the files of `loaded`, for one test.
class LoadingRuntime {
 public:
  LoadingRuntime() : before_(runtime()) {
    Runtime runtime;
    runtime.source_files = [] { return loaded; };
    set_runtime(runtime);
  }
  LoadingRuntime(const LoadingRuntime&) = delete;
  LoadingRuntime& operator=(const LoadingRuntime&) = delete;
  ~LoadingRuntime() {
    set_runtime(before_);
    loaded.clear();
  }

 private:
  Runtime before_;
};

/// A change of the same size, a second later as a file system counts.
void touch(const std::string& path) {
  const auto time = std::filesystem::last_write_time(path);
  std::filesystem::last_write_time(path, time + std::chrono::seconds(1));
}

}  // namespace

TEST_CASE("a change of a file is seen once", "[source_watch]") {
  const LoadingRuntime runtime;
  const test::TemporaryDirectory directory;
  loaded = {directory.write("a.py", "1\n"), directory.write("b.py", "1\n")};
  SourceWatch watch;
  watch.start();
  CHECK(!watch.changed());
  directory.write("b.py", "22\n");
  CHECK(watch.changed());
  CHECK(!watch.changed());
  touch(loaded[0]);
  CHECK(watch.changed());
  CHECK(!watch.changed());
}

TEST_CASE("a file that is replaced has changed", "[source_watch]") {
  const LoadingRuntime runtime;
  const test::TemporaryDirectory directory;
  loaded = {directory.write("a.py", "1\n")};
  SourceWatch watch;
  watch.start();
  // As most editors save: a new file takes the place of the old one.
  const std::string fresh = directory.write("a.py.new", "2\n");
  std::filesystem::last_write_time(fresh,
                                   std::filesystem::last_write_time(loaded[0]));
  std::filesystem::remove(loaded[0]);
  CHECK(!watch.changed());  // about to be put back
  std::filesystem::rename(fresh, loaded[0]);
  CHECK(watch.changed());
}

TEST_CASE("a file that was loaded later is watched too", "[source_watch]") {
  const LoadingRuntime runtime;
  const test::TemporaryDirectory directory;
  loaded = {directory.write("a.py", "1\n")};
  SourceWatch watch;
  watch.start();
  loaded.push_back(directory.write("late.py", "1\n"));
  CHECK(!watch.changed());
  directory.write("late.py", "22\n");
  CHECK(watch.changed());
}

TEST_CASE("what was changed while it was loaded is no news", "[source_watch]") {
  const LoadingRuntime runtime;
  const test::TemporaryDirectory directory;
  loaded = {directory.write("a.py", "1\n")};
  SourceWatch watch;
  watch.start();
  directory.write("a.py", "22\n");
  watch.start();
  CHECK(!watch.changed());
}

TEST_CASE("without a runtime nothing changes", "[source_watch]") {
  SourceWatch watch;
  watch.start();
  CHECK(!watch.changed());
}

}  // namespace decant::service
