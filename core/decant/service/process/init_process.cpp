// SPDX-License-Identifier: MIT
#include "decant/service/process/init_process.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <system_error>

#include "decant/fork.hpp"
#include "decant/runtime.hpp"

namespace decant::service {
namespace {

/// All children that have ended; the status of `service` once it is among them.
std::optional<int> reap(pid_t service) {
  std::optional<int> ended;
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid != service) continue;
    ended = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return ended;
}

int look_after(pid_t service, const sigset_t& signals) {
  for (;;) {
    if (const auto status = reap(service)) return *status;
    siginfo_t info{};
    const int signal = ::sigwaitinfo(&signals, &info);
    if (signal > 0 && signal != SIGCHLD) ::kill(service, signal);
  }
}

}  // namespace

int serve_under_init(const std::function<int()>& serve) {
  if (::getpid() != 1) return serve();
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t service = fork_process();
  if (service < 0) {
    throw std::system_error(errno, std::generic_category(), "fork");
  }
  if (service != 0) return look_after(service, all);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  // What belongs to the service as a whole is removed by process 1.
  end_process(serve());
}

}  // namespace decant::service
