// SPDX-License-Identifier: MIT
#include "decant/service/process/privileges.hpp"

#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <system_error>

#include "decant/error.hpp"
#include "decant/service/listen/accounts.hpp"
#include "decant/text.hpp"

namespace decant::service {
namespace {

[[noreturn]] void fail(const std::string& option, const std::string& value) {
  throw Error(option + ": " + decant::quoted(value) + ": " +
              std::generic_category().message(errno) +
              (errno == EPERM ? "; start the service as root" : ""));
}

void enter(const std::string& root) {
  if (::chroot(root.c_str()) != 0 || ::chdir("/") != 0) fail("--chroot", root);
}

void become_group(gid_t group, const std::string& name) {
  if (::setresgid(group, group, group) != 0) fail("--group", name);
}

void become_user(uid_t user, const std::string& name) {
  if (::setresuid(user, user, user) != 0) fail("--user", name);
  // Believed only when it fails: a kernel may have kept capabilities.
  std::array<uid_t, 3> now{};
  ::getresuid(&now[0], &now[1], &now[2]);
  if (user == 0 || now != std::array{user, user, user} || ::setuid(0) == 0 ||
      ::seteuid(0) == 0) {
    throw Error("--user: the rights of root could be had again as " +
                decant::quoted(name) + "; choose another user");
  }
}

}  // namespace

void give_up_privileges(const std::string& user, const std::string& group,
                        const std::string& root) {
  if (user.empty() && group.empty() && root.empty()) return;
  // The names are looked up outside of the new root.
  std::optional<Account> account;
  if (!user.empty()) account = find_user(user, "--user");
  std::optional<gid_t> gid;
  if (!group.empty()) {
    gid = find_group(group, "--group");
  } else if (account) {
    gid = account->group;
    if (!gid) {
      throw UsageError("--user: " + decant::quoted(user) +
                       " has no entry that names its group; give --group too");
    }
  }
  const uid_t before = ::geteuid();
  if (!root.empty() && before == 0 && !account) {
    throw UsageError("--chroot: root can leave it; give --user too");
  }
  if (root.empty() && before != 0 && account && account->user == before &&
      (!gid || *gid == ::getegid())) {
    return;  // already so
  }
  if (!group.empty() && ::setgroups(1, &*gid) != 0) fail("--group", group);
  if (group.empty() && account && ::initgroups(user.c_str(), *gid) != 0) {
    fail("--user", user);
  }
  if (!root.empty()) enter(root);
  if (gid) become_group(*gid, group.empty() ? user : group);
  if (account) become_user(account->user, user);
  // Neither may a program that the application starts.
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

}  // namespace decant::service
