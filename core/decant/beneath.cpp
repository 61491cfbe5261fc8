// SPDX-License-Identifier: MIT
#include "decant/beneath.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace decant {
namespace {

Descriptor open_by_kernel(int root, const std::string& name, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return Descriptor(static_cast<int>(
      ::syscall(SYS_openat2, root, name.c_str(), &how, sizeof how)));
}

/// One component after the other, and no links.
Descriptor open_by_component(int root, const std::string& name, int flags) {
  Descriptor at;
  for (std::size_t begin = 0; begin < name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const std::string component = name.substr(begin, end - begin);
    const bool is_last = end >= name.size();
    const int how = is_last ? flags : O_PATH | O_DIRECTORY | O_CLOEXEC;
    if (component == "..") {
      errno = EXDEV;
      return {};
    }
    Descriptor next(::openat(at ? at.get() : root,
                             component.empty() ? "." : component.c_str(),
                             how | O_NOFOLLOW));
    if (!next) return next;
    at = std::move(next);
    begin = end + 1;
  }
  return at;
}

/// An old kernel has none, and a sandbox may forbid it.
bool has_openat2() {
  static const bool found =
      static_cast<bool>(open_by_kernel(AT_FDCWD, ".", O_PATH | O_CLOEXEC));
  return found;
}

}  // namespace

Descriptor open_beneath(int root, const std::string& name, int flags) {
  return has_openat2() ? open_by_kernel(root, name, flags)
                       : open_by_component(root, name, flags);
}

}  // namespace decant
