// SPDX-License-Identifier: MIT
#include "decant/application/program/guard.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <mutex>
#include <utility>

#include "decant/descriptor.hpp"

namespace decant::program {
namespace {

/// More than a service has threads.
constexpr std::size_t most_groups = 2048;
/// Between TERM and KILL, in steps of 50 ms.
constexpr int patience = 40;
constexpr pid_t taken = -1;

/// In memory that both processes share. All zero: nobody runs.
struct Table {
  std::array<std::atomic<pid_t>, most_groups> groups;
};

/// Both processes see the same groups.
static_assert(std::atomic<pid_t>::is_always_lock_free);

/// True when one was there to be signalled.
bool signal_all(const Table& table, int number) noexcept {
  bool any = false;
  for (const std::atomic<pid_t>& group : table.groups) {
    const pid_t id = group;
    if (id > 1 && ::kill(-id, number) == 0) any = true;
  }
  return any;
}

/// The guarding process: waits until nobody holds the other end of `pipe`. It
/// was forked in a process with threads, so all it does is async-signal-safe.
[[noreturn]] void stand_guard(int pipe, const Table& table) noexcept {
  // First of all, and past whatever stands around the C library: a connection
  // that it held would not end when the service closes it.
  ::syscall(SYS_dup3, pipe, STDIN_FILENO, 0);
  ::syscall(SYS_close_range, 1U, UINT_MAX, 0U);
  ::setsid();
  ::prctl(PR_SET_NAME, "decant-guard");
  [[maybe_unused]] const int gone = ::chdir("/");
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) < 0 && errno == EINTR) {
  }
  bool left = signal_all(table, SIGTERM);
  for (int i = 0; left && i < patience; ++i) {
    const timespec pause{0, 50'000'000};
    ::nanosleep(&pause, nullptr);
    left = signal_all(table, 0);
  }
  if (left) signal_all(table, SIGKILL);
  ::_exit(0);
}

/// One per process that runs programs. It lasts as long.
struct Guard {
  Table* table = nullptr;
  Descriptor alive;  // the other end of its pipe

  static Guard make() {
    Guard guard;
    void* const memory = ::mmap(nullptr, sizeof(Table), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    std::array<int, 2> ends{};
    if (memory == MAP_FAILED || ::pipe2(ends.data(), O_CLOEXEC) != 0) {
      return guard;
    }
    const Descriptor watched(ends[0]);
    guard.alive.reset(ends[1]);
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    // Not fork(): handlers of a runtime must not run in the child.
    const pid_t child = ::_Fork();
    if (child == 0) stand_guard(watched.get(), *static_cast<Table*>(memory));
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (child > 0) guard.table = static_cast<Table*>(memory);
    return guard;
  }
};

/// The guard of this process, which may have been forked after another had its
/// own.
Table* table_of_this_process() {
  static std::mutex mutex;
  static pid_t owner = 0;
  static Guard guard;
  const std::lock_guard lock(mutex);
  if (const pid_t self = ::getpid(); owner != self) {
    guard = Guard::make();
    owner = self;
  }
  return guard.table;
}

std::atomic<pid_t>* take_slot() {
  Table* const table = table_of_this_process();
  if (table == nullptr) return nullptr;
  for (std::atomic<pid_t>& slot : table->groups) {
    pid_t none = 0;
    if (slot.compare_exchange_strong(none, taken)) return &slot;
  }
  return nullptr;
}

}  // namespace

GuardedGroup::GuardedGroup() : slot_(take_slot()) {}

GuardedGroup::GuardedGroup(GuardedGroup&& other) noexcept
    : slot_(std::exchange(other.slot_, nullptr)) {}

GuardedGroup::~GuardedGroup() {
  if (slot_ != nullptr) slot_->store(0);
}

}  // namespace decant::program
