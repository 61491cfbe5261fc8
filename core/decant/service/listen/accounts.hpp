// SPDX-License-Identifier: MIT
// Users and groups by name or number.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace decant::service {

struct Account {
  uid_t user;
  /// No value where only a number is known, and not its entry.
  std::optional<gid_t> group;
};

/// getpwnam_r(3), getgrnam_r(3); a number stands for itself. Throw UsageError
/// that begins with `option` when there is none.
Account find_user(const std::string& name, const std::string& option);
gid_t find_group(const std::string& name, const std::string& option);

}  // namespace decant::service
