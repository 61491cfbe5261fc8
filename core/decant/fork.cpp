// SPDX-License-Identifier: MIT
#include "decant/fork.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace decant {
namespace {

std::vector<ForkHooks>& all_hooks() {
  static std::vector<ForkHooks> hooks;
  return hooks;
}

}  // namespace

void add_fork_hooks(const ForkHooks& hooks) {
  all_hooks().push_back(hooks);
}

pid_t fork_process() {
  const std::vector<ForkHooks>& hooks = all_hooks();
  std::for_each(hooks.rbegin(), hooks.rend(),
                [](const ForkHooks& h) { h.before(); });
  const pid_t child = ::fork();
  const int error = errno;
  for (const ForkHooks& h : hooks) (child == 0 ? h.in_child : h.in_parent)();
  errno = error;
  return child;
}

}  // namespace decant
