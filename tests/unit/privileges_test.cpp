// SPDX-License-Identifier: MIT
#include "decant/service/process/privileges.hpp"

#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <iostream>
#include <string>

#include "decant/error.hpp"
#include "decant/service/listen/accounts.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/temporary_directory.hpp"

namespace decant::service {
namespace {

using Catch::Matchers::Contains;

bool is_root() {
  if (::geteuid() == 0) return true;
  std::cout << "only root can give up its rights\n";
  return false;
}

/// What `call` throws as text; empty when it throws nothing.
std::string complaint(const std::function<void()>& call) {
  try {
    call();
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("accounts are found by name and by number", "[accounts]") {
  const Account root = find_user("root", "--user");
  CHECK(root.user == 0);
  CHECK(root.group == gid_t{0});
  CHECK(find_user("0", "--user").group == gid_t{0});
  CHECK(find_group("root", "--group") == 0);
  CHECK(find_group("4242424", "--group") == 4242424);
  // A number needs no entry, but then nobody knows its group.
  const Account stranger = find_user("4242424", "--user");
  CHECK(stranger.user == 4242424);
  CHECK(!stranger.group);
}

TEST_CASE("an account that nobody has is a mistake", "[accounts]") {
  for (const char* const name :
       {"", "no-such-name", "-1", "99999999999", "1x"}) {
    CAPTURE(name);
    CHECK_THROWS_AS(find_user(name, "--owner"), UsageError);
    CHECK_THROWS_AS(find_group(name, "--owner"), UsageError);
  }
  CHECK(complaint([] { find_user("no-such-name", "--user"); }) ==
        "--user: there is no user named \"no-such-name\"; give one that "
        "exists");
  // (uid_t)-1 means "leave it" to setresuid(2).
  CHECK_THROWS_AS(find_user("4294967295", "--user"), UsageError);
  CHECK_THROWS_AS(find_group("4294967295", "--group"), UsageError);
}

TEST_CASE("a process that is to stay as it is stays so", "[privileges]") {
  CHECK(complaint([] { give_up_privileges("", "", ""); }).empty());
  CHECK_THAT(complaint([] { give_up_privileges("no-such-name", "", ""); }),
             Contains("--user: there is no user named"));
  CHECK_THAT(complaint([] { give_up_privileges("4242424", "", ""); }),
             Contains("give --group too"));
}

TEST_CASE("somebody else cannot become anybody", "[privileges]") {
  CHECK(test::in_child([] {
          if (::geteuid() == 0 && ::setuid(65534) != 0) return 1;
          const std::string own = std::to_string(::geteuid());
          const std::string group = std::to_string(::getegid());
          // Whom it is already is all the same to it.
          if (::getegid() != 0 &&
              !complaint([&] { give_up_privileges(own, group, ""); }).empty()) {
            return 2;
          }
          const std::string text =
              complaint([] { give_up_privileges("daemon", "", ""); });
          return text.find("; start the service as root") == std::string::npos
                     ? 3
                     : 0;
        }) == 0);
}

TEST_CASE("who gave up the rights of root never gets them back",
          "[privileges]") {
  if (!is_root()) return;
  CHECK(test::in_child([] {
          give_up_privileges("nobody", "", "");
          const Account nobody = find_user("nobody", "--user");
          if (::getuid() != nobody.user || ::geteuid() != nobody.user) return 1;
          if (::getgid() != *nobody.group) return 2;
          if (::setuid(0) == 0 || ::seteuid(0) == 0 || ::setgid(0) == 0) {
            return 3;
          }
          gid_t groups[64];
          const int count = ::getgroups(64, groups);
          for (int i = 0; i < count; ++i) {
            if (groups[i] == 0) return 4;
          }
          if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return 5;
          return ::access("/etc/shadow", R_OK) == 0 ? 6 : 0;
        }) == 0);
}

TEST_CASE("a group of its own is the only one", "[privileges]") {
  if (!is_root()) return;
  CHECK(test::in_child([] {
          give_up_privileges("nobody", "daemon", "");
          const gid_t daemon = find_group("daemon", "--group");
          gid_t groups[64];
          if (::getgroups(64, groups) != 1 || groups[0] != daemon) return 1;
          return ::getegid() == daemon && ::getgid() == daemon ? 0 : 2;
        }) == 0);
}

TEST_CASE("root is nobody to give its rights up to", "[privileges]") {
  if (!is_root()) return;
  CHECK(test::in_child([] {
          const std::string text =
              complaint([] { give_up_privileges("root", "", ""); });
          return text.find("choose another user") == std::string::npos ? 1 : 0;
        }) == 0);
}

TEST_CASE("a new root is all that there is", "[privileges]") {
  if (!is_root()) return;
  const test::TemporaryDirectory directory;
  std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
  directory.write("inside", "x");
  CHECK(test::in_child([&] {
          give_up_privileges("nobody", "", directory.path());
          if (::access("/inside", F_OK) != 0) return 1;
          if (::access("inside", F_OK) != 0) return 2;
          if (::access("/etc/passwd", F_OK) == 0) return 3;
          return ::access("../../etc/passwd", F_OK) == 0 ? 4 : 0;
        }) == 0);
  CHECK(test::in_child([&] {
          const std::string text =
              complaint([&] { give_up_privileges("", "", directory.path()); });
          return text.find("give --user too") == std::string::npos ? 1 : 0;
        }) == 0);
  CHECK(test::in_child([&] {
          const std::string text = complaint(
              [&] { give_up_privileges("nobody", "", directory / "none"); });
          return text.find("--chroot: ") == std::string::npos ? 1 : 0;
        }) == 0);
}

}  // namespace decant::service
