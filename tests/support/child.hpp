// SPDX-License-Identifier: MIT
// A piece of a test in a process of its own, for what changes the process.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <exception>
#include <functional>
#include <iostream>

namespace decant::test {

/// Forks and runs `body`; gives what it gives, 99 when it throws and -1 when
/// a signal ended it. Ten seconds are the most it may take.
inline int in_child(const std::function<int()>& body) {
  std::cout.flush();  // or the child writes what is left there, too
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(10);
    int status = 99;
    try {
      status = body();
    } catch (...) {
    }
    ::_exit(status);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace decant::test
