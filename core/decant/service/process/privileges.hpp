// SPDX-License-Identifier: MIT
// --user, --group, --chroot: giving up what only root may do, for good.
#pragma once

#include <string>

namespace decant::service {

/// Enters `root` and becomes `user` and `group`, names or numbers; what is
/// empty stays. The group of a user alone is that user's, with the groups that
/// it is a member of. Then makes sure that there is no way back. Throws
/// UsageError for a name that nobody has, Error when the process may not.
void give_up_privileges(const std::string& user, const std::string& group,
                        const std::string& root);

}  // namespace decant::service
