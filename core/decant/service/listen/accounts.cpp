// SPDX-License-Identifier: MIT
#include "decant/service/listen/accounts.hpp"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <vector>

#include "decant/error.hpp"
#include "decant/number.hpp"
#include "decant/text.hpp"

namespace decant::service {
namespace {

/// The entry that a lookup of the kind of getpwnam_r finds.
template <class Entry, class Lookup, class Key>
std::optional<Entry> look_up(Lookup lookup, Key key) {
  std::vector<char> buffer(1024);
  Entry entry{};
  Entry* found = nullptr;
  while (lookup(key, &entry, buffer.data(), buffer.size(), &found) == ERANGE) {
    buffer.resize(buffer.size() * 2);
  }
  if (found == nullptr) return std::nullopt;
  return entry;  // only its numbers outlive the buffer
}

/// (uid_t)-1 stands for "leave it as it is" in every call that takes one.
template <class Id>
std::optional<Id> parse_id(const std::string& text) {
  const auto number = parse_number<Id>(text);
  return number == static_cast<Id>(-1) ? std::nullopt : number;
}

[[noreturn]] void fail(const std::string& option, const char* what,
                       const std::string& name) {
  throw UsageError(option + ": there is no " + what + " named " +
                   decant::quoted(name) + "; give one that exists");
}

}  // namespace

Account find_user(const std::string& name, const std::string& option) {
  if (const auto entry = look_up<passwd>(::getpwnam_r, name.c_str())) {
    return {entry->pw_uid, entry->pw_gid};
  }
  const auto number = parse_id<uid_t>(name);
  if (!number) fail(option, "user", name);
  const auto entry = look_up<passwd>(::getpwuid_r, *number);
  return {*number, entry ? std::optional(entry->pw_gid) : std::nullopt};
}

gid_t find_group(const std::string& name, const std::string& option) {
  if (const auto entry = look_up<group>(::getgrnam_r, name.c_str())) {
    return entry->gr_gid;
  }
  const auto number = parse_id<gid_t>(name);
  if (!number) fail(option, "group", name);
  return *number;
}

}  // namespace decant::service
