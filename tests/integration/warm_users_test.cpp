// SPDX-License-Identifier: MIT
// Warm CGI among several users. Only root can be several.
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>

#include "decant/server/warm/handover.hpp"
#include "integration/warm_fixtures.hpp"
#include "support/catch.hpp"
#include "support/web_server.hpp"

using namespace decant::test;
using Catch::Matchers::Contains;
using decant::Descriptor;

namespace fs = std::filesystem;
namespace warm = decant::warm;

namespace {

constexpr Milliseconds soon{3000};

bool cannot_be_others() {
  if (::geteuid() == 0 && !find_tool("setpriv").empty()) return false;
  std::cout << "skipped: needs root and setpriv\n";
  return true;
}

/// A number that neither a user nor another run of the tests has.
uid_t a_user(int number) {
  return 1'000'000 + static_cast<uid_t>(::getpid() * 16 + number);
}

/// A user that nobody else is, and what lies in /tmp for him: nothing can be
/// made there.
class User {
 public:
  explicit User(uid_t number) : number_(number) {
    fs::create_directory(fallback());
    fs::permissions(fallback(), fs::perms::owner_all);
  }
  User(const User&) = delete;
  User& operator=(const User&) = delete;
  ~User() {
    std::error_code ignored;
    fs::remove_all(fallback(), ignored);
  }

  uid_t number() const { return number_; }
  std::string fallback() const {
    return "/tmp/decant-" + std::to_string(number_);
  }

  /// The same command run by this user, with further groups.
  Command run(Command command, const std::string& groups = "") const {
    const std::string id = std::to_string(number_);
    Words words = {find_tool("setpriv"), "--reuid", id, "--regid", id};
    const Words further =
        groups.empty() ? Words{"--clear-groups"} : Words{"--groups", groups};
    words.insert(words.end(), further.begin(), further.end());
    command.words.insert(command.words.begin(), words.begin(), words.end());
    return command;
  }
  void own(const std::string& path) const {
    REQUIRE(::lchown(path.c_str(), number_, number_) == 0);
  }
  /// Gives him what a site has.
  void own(const WarmSite& site) const {
    let_all_enter(site.directory());
    fs::permissions(site.app(), fs::perms(0644));
    own(site.directory() / "run");
  }
  pid_t warm_up(const WarmSite& site, const std::string& groups = "") const {
    WarmAnswer answer;
    REQUIRE(wait_until([&] {
      answer = WarmSite::ask(run(site.request(), groups));
      CHECK(answer.body == "first");
      return answer.is_warm();
    }));
    return answer.by;
  }

 private:
  uid_t number_;
};

void check_cold(Command command) {
  WatchedRequest request(std::move(command));
  CHECK(request.process().wait(soon) == 0);
  CHECK(request.ends(soon));
  CHECK_THAT(request.out(), Contains("\r\n\r\nfirst"));
  CHECK_THAT(request.out(),
             Contains("X-Process: " + std::to_string(request.process().pid())));
}

uid_t owner_of(pid_t process) {
  struct stat info {};
  ::stat(("/proc/" + std::to_string(process)).c_str(), &info);
  return info.st_uid;
}

}  // namespace

TEST_CASE("a directory that others can reach is not used", "[warm-users]") {
  if (no_python() || cannot_be_others()) return;
  const User user(a_user(1));
  const WarmSite site;
  user.own(site);
  const std::string place = site.place();
  const std::string why =
      GENERATE("another's", "group", "others", "link", "file", "unwritable",
               "parent group-writable", "parent another's", "relative");
  CAPTURE(why);
  Command command = user.run(site.request());
  if (why != "file" && why != "link") fs::create_directory(place);
  if (why != "another's" && why != "file" && why != "link") user.own(place);
  if (why != "file" && why != "link") ::chmod(place.c_str(), 0700);
  if (why == "group") ::chmod(place.c_str(), 0770);
  if (why == "others") ::chmod(place.c_str(), 0701);
  if (why == "link") {
    const std::string real = site.directory() / "real";
    fs::create_directory(real);
    user.own(real);
    ::chmod(real.c_str(), 0700);
    fs::create_symlink(real, place);
    user.own(place);
  }
  if (why == "file") user.own(site.directory().write("run/decant", ""));
  if (why == "unwritable") ::chmod(place.c_str(), 0500);
  const std::string run = site.directory() / "run";
  if (why == "parent group-writable") ::chmod(run.c_str(), 0770);
  if (why == "parent another's") {
    REQUIRE(::lchown(run.c_str(), a_user(2), a_user(2)) == 0);
    ::chmod(run.c_str(), 0755);
  }
  if (why == "relative")
    command.environment.emplace_back("XDG_RUNTIME_DIR", "run");
  for (int i = 0; i < 3; ++i) check_cold(command);
  CHECK(site.processes().empty());
  CHECK(site.files_in_place().empty());
  CHECK(fs::is_empty(user.fallback()));
}

TEST_CASE("a full disk keeps no request from being served", "[warm-users]") {
  if (no_python() || cannot_be_others()) return;
  const WarmSite site;
  const std::string run = site.directory() / "run";
  // One inode is its root's.
  if (::mount("decant-test", run.c_str(), "tmpfs", 0,
              "mode=0700,nr_inodes=2") != 0) {
    std::cout << "skipped: cannot mount a tmpfs\n";
    return;
  }
  fs::create_directory(site.place());
  fs::permissions(site.place(), fs::perms::owner_all);
  for (int i = 0; i < 3; ++i) check_cold(site.request());
  CHECK(site.processes().empty());
  CHECK(site.files_in_place().empty());
  CHECK(::umount2(run.c_str(), MNT_DETACH) == 0);
}

TEST_CASE("two users with one application do not share a worker",
          "[warm-users]") {
  if (no_python() || cannot_be_others()) return;
  const User anna(a_user(3));
  const User ben(a_user(4));
  const WarmSite site;
  anna.own(site);
  fs::permissions(site.directory() / "run", fs::perms(0755));
  const pid_t hers = anna.warm_up(site);
  CHECK(owner_of(hers) == anna.number());
  // In her directory he gets nothing, and has none of his own.
  for (int i = 0; i < 3; ++i) check_cold(ben.run(site.request()));
  fs::permissions(ben.fallback(), fs::perms::owner_all);
  ben.own(ben.fallback());
  const pid_t his = ben.warm_up(site);
  CHECK(owner_of(his) == ben.number());
  CHECK(WarmSite::ask(anna.run(site.request())).by == hers);
  // Not even root is served by it.
  CHECK(WarmSite::ask(site.request()).by != hers);
  ::kill(hers, SIGTERM);
  ::kill(his, SIGTERM);
  CHECK(wait_until([&] {
    const auto left = site.processes();
    return std::all_of(left.begin(), left.end(),
                       [](pid_t pid) { return owner_of(pid) == 0; });
  }));
  CHECK(fs::is_empty(ben.fallback()));
  CHECK(site.ends());
}

TEST_CASE("a user with other groups has another worker", "[warm-users]") {
  if (no_python() || cannot_be_others()) return;
  const User user(a_user(5));
  const WarmSite site;
  user.own(site);
  const pid_t first = user.warm_up(site);
  const pid_t second = user.warm_up(site, "64326");
  const pid_t third = user.warm_up(site, "64326,64327");
  CHECK(first != second);
  CHECK(first != third);
  CHECK(second != third);
  CHECK(WarmSite::ask(user.run(site.request())).by == first);
  CHECK(site.ends());
}

TEST_CASE("no caller speaks to a worker of another user", "[warm-users]") {
  if (no_python() || cannot_be_others()) return;
  const User user(a_user(8));
  const WarmSite site;
  user.own(site);
  const pid_t worker = user.warm_up(site);
  const std::string path = site.socket();
  ::kill(worker, SIGSTOP);
  REQUIRE(fs::remove(path));
  const Descriptor stranger = bind_at(path, SOCK_SEQPACKET);
  user.own(path);
  REQUIRE(::listen(stranger.get(), 8) == 0);
  check_cold(user.run(site.request()));
  const Descriptor caller(::accept(stranger.get(), nullptr, nullptr));
  REQUIRE(caller);
  std::array<char, 64> heard{};
  CHECK(::recv(caller.get(), heard.data(), heard.size(), MSG_DONTWAIT) == 0);
  ::kill(worker, SIGCONT);
  fs::remove(path);
  ::kill(worker, SIGTERM);
  CHECK(site.is_left_clean());
}

TEST_CASE("no worker speaks to another user", "[warm-users]") {
  if (no_python() || cannot_be_others()) return;
  const User user(a_user(9));
  const WarmSite site;
  user.own(site);
  const pid_t worker = user.warm_up(site);
  // Root can connect, but is another one.
  const Descriptor socket = connect_to(site.socket());
  std::string message;
  warm::encode(message,
               {.kind = GENERATE(warm::Kind::status, warm::Kind::stop)});
  REQUIRE(::send(socket.get(), message.data(), message.size(), MSG_NOSIGNAL) >
          0);
  std::array<char, 64> heard{};
  CHECK(::recv(socket.get(), heard.data(), heard.size(), 0) <= 0);
  CHECK(WarmSite::ask(user.run(site.request())).by == worker);
  CHECK(site.ends());
}

TEST_CASE("rights that the user has not keep a program cold", "[warm-users]") {
  if (no_python() || cannot_be_others()) return;
  const User user(a_user(10));
  const WarmSite site;
  user.own(site);
  // Effective, but not real.
  const std::string id = std::to_string(user.number());
  Command command = site.request();
  command.words.insert(command.words.begin(),
                       {find_tool("setpriv"), "--euid", id});
  for (int i = 0; i < 3; ++i) check_cold(command);
  CHECK(site.processes().empty());
  CHECK(site.files_in_place().empty());
}

TEST_CASE("a worker is seen in whichever place it is", "[warm-users]") {
  if (no_python() || cannot_be_others()) return;
  const User user(a_user(11));
  const WarmSite site;
  user.own(site);
  user.own(user.fallback());
  // By a web server that knows of no directory of the user's.
  Command request = user.run(site.request());
  std::erase_if(request.environment, [](const auto& variable) {
    return variable.first == "XDG_RUNTIME_DIR";
  });
  request.environment.emplace_back("DECANT_TEST", site.directory().path());
  pid_t worker = -1;
  REQUIRE(wait_until([&] {
    const WarmAnswer answer = WarmSite::ask(request);
    worker = answer.by;
    return answer.is_warm();
  }));
  CHECK_FALSE(fs::is_empty(user.fallback()));
  // By its user at a terminal, who has one.
  Command tell = user.run(site.request());
  tell.words.back() = "--warm-status";
  CHECK_THAT(run(tell).out, Contains("process " + std::to_string(worker)));
  tell.words.back() = "--warm-stop";
  CHECK_THAT(run(tell).out, Contains("is told to end"));
  CHECK(site.is_left_clean());
  CHECK(fs::is_empty(user.fallback()));
}
