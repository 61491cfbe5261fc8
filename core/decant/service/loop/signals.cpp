// SPDX-License-Identifier: MIT
#include "decant/service/loop/signals.hpp"

#include <semaphore.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include "decant/broken_pipe.hpp"
#include "decant/descriptor.hpp"
#include "decant/service/loop/forked_child.hpp"

namespace decant::service {
namespace {

// Signal handlers reach nothing but globals.
std::atomic<int> stop_signals{0};
std::atomic<bool> stopping{false};
std::atomic<bool> serves{false};
std::atomic<bool> reopen_wanted{false};
std::atomic<bool> reload_wanted{false};
std::atomic<bool> hurried{false};
// Milliseconds of the steady clock; 0 while nothing has requested the stop.
std::atomic<std::int64_t> grace_ends{0};
std::atomic<Signals::Tick> on_tick{nullptr};
// Written before the handlers are installed.
std::int64_t grace_milliseconds = 0;
bool is_worker = false;
bool interrupt_hurries = false;
pid_t supervisor = 0;
std::vector<std::string> socket_files;
Descriptor event;
sem_t arrivals{};  // of signals, for await()
timer_t timer{};
bool has_timer = false;

/// How often a process that stops looks whether its grace is over.
constexpr std::chrono::milliseconds stop_interval{100};
constexpr std::array held_signals = {SIGTERM, SIGINT, SIGUSR1, SIGHUP};
constexpr std::array handled_signals = {SIGTERM, SIGINT,  SIGQUIT,
                                        SIGALRM, SIGUSR1, SIGHUP};

std::int64_t now() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1000 +
         time.tv_nsec / 1'000'000;
}

[[noreturn]] void stop_now(int status = 0) noexcept {
  for (const std::string& file : socket_files) ::unlink(file.c_str());
  ::_exit(status);
}

void write_event() noexcept {
  const std::uint64_t one = 1;
  // The counter cannot overflow; there is nobody to tell of anything else.
  [[maybe_unused]] const auto written = ::write(event.get(), &one, sizeof one);
}

void set_timer(std::chrono::milliseconds delay) noexcept {
  itimerspec when{};
  when.it_value.tv_sec = delay.count() / 1000;
  when.it_value.tv_nsec = delay.count() % 1000 * 1'000'000;
  ::timer_settime(timer, 0, &when, nullptr);
}

void begin_stop() noexcept {
  // The deadline before the flag: a handler that finds `stopping` set finds
  // `grace_ends` too.
  std::int64_t unset = 0;
  if (!grace_ends.compare_exchange_strong(unset, now() + grace_milliseconds)) {
    return;
  }
  stopping = true;
  set_timer(stop_interval);
  write_event();
}

void on_alarm() noexcept {
  if (supervisor != 0 && ::getppid() != supervisor) begin_stop();
  if (stopping && now() >= grace_ends) stop_now();
  const Signals::Tick tick = on_tick;
  std::chrono::milliseconds next(0);
  if (tick != nullptr) next = tick();
  if (stopping && (next.count() == 0 || next > stop_interval)) {
    next = stop_interval;
  }
  // The timer is set again and never disarmed: another thread may have started
  // it since the handler began.
  if (next.count() != 0) set_timer(next);
}

/// Async-signal-safe, and so is all that it calls.
void on_signal(int signal) {
  const int saved = errno;
  switch (signal) {
    case SIGALRM:
      on_alarm();
      break;
    case SIGUSR1:
      reopen_wanted = true;
      write_event();
      break;
    case SIGHUP:
      reload_wanted = true;
      write_event();
      break;
    case SIGQUIT:
      stop_now();
    case SIGINT:
      if (interrupt_hurries) hurried = true;
      if (is_worker) break;  // a terminal's; its supervisor decides
      [[fallthrough]];
    default:
      if (!serves || (stop_signals.fetch_add(1) > 0 && !is_worker)) stop_now();
      begin_stop();
  }
  ::sem_post(&arrivals);
  errno = saved;
}

template <class Signals>
void mask(int how, const Signals& signals) noexcept {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  ::pthread_sigmask(how, &set, nullptr);
}

void install(int signal, void (*handler)(int)) noexcept {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr);
}

void install_all() noexcept {
  for (const int signal : {SIGTERM, SIGQUIT, SIGALRM, SIGUSR1, SIGHUP}) {
    install(signal, on_signal);
  }
  install(SIGINT, on_signal);
  survive_broken_pipes();
}

/// In a process that the application has forked: TERM is to end it.
void leave_signals() noexcept {
  for (const int signal : handled_signals) install(signal, SIG_DFL);
  install(SIGUSR2, SIG_DFL);
}

}  // namespace

void Signals::hold() noexcept {
  mask(SIG_BLOCK, held_signals);
}

Signals::Signals(Settings settings) {
  event.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) {
    throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  socket_files = std::move(settings.files);
  grace_milliseconds = std::chrono::milliseconds(settings.grace).count();
  is_worker = settings.is_worker;
  supervisor = settings.supervisor;
  interrupt_hurries = settings.interrupt_hurries;
  stop_signals = 0;
  grace_ends = 0;
  for (auto* const flag :
       {&stopping, &serves, &reopen_wanted, &reload_wanted, &hurried}) {
    *flag = false;
  }
  on_tick = nullptr;
  sigevent expiry{};
  expiry.sigev_notify = SIGEV_THREAD_ID;  // Linux may choose another one
  expiry.sigev_signo = SIGALRM;
  expiry._sigev_un._tid = ::gettid();
  if (::timer_create(CLOCK_MONOTONIC, &expiry, &timer) != 0) {
    throw std::system_error(errno, std::generic_category(), "timer_create");
  }
  has_timer = true;
  ::sem_init(&arrivals, 0, 0);
  keep_from_forks(event.get());
  forget_forks();
  on_fork(leave_signals);
  install_all();
  mask(SIG_UNBLOCK, handled_signals);
  // A request that never ends keeps the loop from hearing of it.
  if (supervisor != 0) ::prctl(PR_SET_PDEATHSIG, SIGALRM);
}

Signals::~Signals() {
  if (std::exchange(has_timer, false)) ::timer_delete(timer);
  for (const int signal : handled_signals) install(signal, SIG_DFL);
  forget_for_forks(event.get());
  event.reset();
}

void Signals::serving() noexcept {
  install_all();  // an application may have set others while it was loaded
  serves = true;
}

int Signals::descriptor() const noexcept {
  return event.get();
}

void Signals::pass_on() const noexcept {
  write_event();
}

bool Signals::stop_requested() const noexcept {
  return stopping;
}

bool Signals::is_patient() const noexcept {
  return !hurried;
}

void Signals::request_stop() noexcept {
  begin_stop();
}

void Signals::end_now(int status) noexcept {
  stop_now(status);
}

bool Signals::take_reopen() noexcept {
  return reopen_wanted.exchange(false);
}

bool Signals::take_reload() noexcept {
  return reload_wanted.exchange(false);
}

void Signals::set_tick(Tick tick) noexcept {
  on_tick = tick;
}

void Signals::start_clock(std::chrono::milliseconds delay) noexcept {
  set_timer(delay);
}

void Signals::await() noexcept {
  ::sem_wait(&arrivals);  // or an interruption: whoever waits looks again
}

void Signals::wake() noexcept {
  start_clock(std::chrono::milliseconds(1));
}

}  // namespace decant::service
