// SPDX-License-Identifier: MIT
#include "decant/service/signals.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <initializer_list>
#include <system_error>

#include "decant/descriptor.hpp"

namespace decant::service {
namespace {

// Signal handlers reach nothing but globals. Everything here is written before
// the handlers are installed, but for the count.
std::atomic<int> stop_requests{0};
std::atomic<unsigned> grace_seconds{0};
std::vector<std::string> socket_files;
Descriptor stop_event;

[[noreturn]] void stop_now() noexcept {
  for (const std::string& file : socket_files) ::unlink(file.c_str());
  ::_exit(0);
}

void write_stop_event() noexcept {
  const std::uint64_t one = 1;
  // The counter cannot overflow; there is nobody to tell of anything else.
  [[maybe_unused]] const auto written =
      ::write(stop_event.get(), &one, sizeof one);
}

/// Async-signal-safe: eventfd, alarm, unlink and _exit only.
void on_signal(int signal) {
  const int saved = errno;
  const bool first = stop_requests.fetch_add(1) == 0;
  if (!first || signal == SIGQUIT || signal == SIGALRM) stop_now();
  ::alarm(grace_seconds.load());
  write_stop_event();
  errno = saved;
}

void install(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr);
}

sigset_t stop_set() noexcept {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

Signals::Signals(std::vector<std::string> files, std::chrono::seconds grace) {
  stop_event.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop_event) {
    throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  socket_files = std::move(files);
  // alarm(0) would mean never.
  grace_seconds = static_cast<unsigned>(grace.count() > 0 ? grace.count() : 1);
  stop_requests = 0;
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGALRM}) {
    install(signal, on_signal);
  }
  for (const int signal : {SIGPIPE, SIGHUP, SIGUSR1}) install(signal, SIG_IGN);
}

Signals::~Signals() {
  ::alarm(0);
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGALRM}) {
    install(signal, SIG_DFL);
  }
  stop_event.reset();
}

int Signals::stop_descriptor() const noexcept {
  return stop_event.get();
}

void Signals::pass_on_stop() const noexcept {
  write_stop_event();
}

bool Signals::stop_requested() const noexcept {
  return stop_requests > 0;
}

void Signals::block_stop() noexcept {
  const sigset_t set = stop_set();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

sigset_t Signals::waiting_mask() noexcept {
  sigset_t set;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &set);
  sigdelset(&set, SIGTERM);
  sigdelset(&set, SIGINT);
  return set;
}

}  // namespace decant::service
