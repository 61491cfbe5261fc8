// SPDX-License-Identifier: MIT
#include "integration/warm_place.hpp"

#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <cctype>
#include <filesystem>
#include <stdexcept>

#include "integration/service_fixtures.hpp"
#include "support/catch.hpp"

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace decant::test {

WarmPlace::WarmPlace() : run_(directory_ / "run") {
  let_all_enter(directory_);
  fs::create_directory(cgi_bin());
  fs::create_directory(run_);
  fs::permissions(run_, fs::perms::owner_all);
  own(run_);
}

WarmPlace::~WarmPlace() {
  for (const pid_t pid : processes()) ::kill(pid, SIGKILL);
}

void WarmPlace::own(const std::string& path) {
  if (::geteuid() != 0) return;
  const passwd* const user = ::getpwnam("www-data");
  if (user == nullptr ||
      ::chown(path.c_str(), user->pw_uid, user->pw_gid) != 0) {
    throw std::runtime_error("test: cannot give " + path + " to www-data");
  }
}

pid_t WarmPlace::worker(const Words& program) const {
  const Ran ran = tell(program, "--warm-status");
  if (ran.status != 0) return 0;
  REQUIRE_THAT(ran.out, StartsWith("process "));
  CHECK(count(ran.out, "\n") == 1);
  return std::stoi(ran.out.substr(std::string("process ").size()));
}

void WarmPlace::stop(const Words& program) const {
  const pid_t pid = worker(program);
  REQUIRE(pid != 0);
  const Ran ran = tell(program, "--warm-stop");
  CHECK(ran.status == 0);
  CHECK_THAT(ran.out, Contains("is told to end"));
  CHECK(wait_until([&] { return !is_alive(pid); }));
  CHECK(tell(program, "--warm-status").status == 1);
}

bool WarmPlace::is_left_clean() const {
  return wait_until(
      [this] { return processes().empty() && fs::is_empty(run_ + "/decant"); });
}

Ran WarmPlace::tell(Words program, const std::string& word) const {
  program.push_back(word);
  if (::geteuid() == 0) {
    const Words as_user = {find_tool("setpriv"), "--reuid=www-data",
                           "--regid=www-data", "--clear-groups"};
    program.insert(program.begin(), as_user.begin(), as_user.end());
  }
  return run_clean(program, "", {{"XDG_RUNTIME_DIR", run_}});
}

std::vector<pid_t> WarmPlace::processes() const {
  std::vector<pid_t> pids;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    std::error_code error;
    const std::string program = fs::read_symlink(entry.path() / "exe", error);
    if (std::isdigit(static_cast<unsigned char>(name.front())) != 0 &&
        program.starts_with(directory_.path())) {
      pids.push_back(std::stoi(name));
    }
  }
  return pids;
}

}  // namespace decant::test
