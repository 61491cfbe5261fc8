// SPDX-License-Identifier: MIT
#include "decant/broken_pipe.hpp"

#include <signal.h>

namespace decant {
namespace {

void do_nothing(int) {}

}  // namespace

void take_no_notice_of(int signal) noexcept {
  struct sigaction action {};
  if (::sigaction(signal, nullptr, &action) == 0 &&
      action.sa_handler == SIG_IGN) {
    return;
  }
  action = {};
  action.sa_handler = do_nothing;
  action.sa_flags = SA_RESTART;
  ::sigaction(signal, &action, nullptr);
}

void survive_broken_pipes() noexcept {
  take_no_notice_of(SIGPIPE);
  take_no_notice_of(SIGXFSZ);
}

}  // namespace decant
