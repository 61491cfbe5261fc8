// SPDX-License-Identifier: MIT
#include "decant/server/warm/starter.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <exception>

#include "decant/server/warm/place.hpp"
#include "decant/service/listen/take_from_environment.hpp"

namespace decant::warm {
namespace {

/// Says that a process is a worker; its seat lies at these two numbers.
constexpr const char* seat_variable = "DECANT_WARM_SEAT";
constexpr int socket_number = 3;
constexpr int lock_number = 4;

/// The lock of a worker, if nobody has it. Its file goes with the worker that
/// held it: who has locked a file that is no longer there begins again.
Descriptor take_lock(const Place& place, const std::string& name) {
  const std::string file = name + ".lock";
  for (int attempt = 0; attempt < 3; ++attempt) {
    Descriptor lock(::openat(place.directory(), file.c_str(),
                             O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return {};
    struct stat ours {};
    struct stat there {};
    if (::fstat(lock.get(), &ours) == 0 &&
        ::fstatat(place.directory(), file.c_str(), &there,
                  AT_SYMLINK_NOFOLLOW) == 0 &&
        ours.st_ino == there.st_ino && ours.st_dev == there.st_dev) {
      return lock;
    }
  }
  return {};
}

/// A socket in the place of what a dead worker has left there; only who has
/// the lock calls it.
Descriptor bind(const Place& place, const std::string& name) {
  ::unlinkat(place.directory(), name.c_str(), 0);
  Descriptor socket(
      ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_un address = place.address(name);
  // NOLINTNEXTLINE: the sockets API wants it
  const auto* const any = reinterpret_cast<const sockaddr*>(&address);
  if (socket && ::bind(socket.get(), any, sizeof address) != 0) socket.reset();
  return socket;
}

/// Puts the seat at its numbers, /dev/null at the first three, and nothing
/// anywhere else: what the web server has open stays with it.
bool arrange_descriptors(const Seat& seat) {
  constexpr int beyond = 10;
  const int socket = ::fcntl(seat.socket.get(), F_DUPFD, beyond);
  const int lock = ::fcntl(seat.lock.get(), F_DUPFD, beyond);
  const int null = ::open("/dev/null", O_RDWR);
  if (socket < 0 || lock < 0 || null < 0) return false;
  for (const int fd : {0, 1, 2}) {
    if (::dup2(null, fd) < 0) return false;
  }
  return ::dup2(socket, socket_number) >= 0 && ::dup2(lock, lock_number) >= 0 &&
         ::close_range(lock_number + 1, ~0U, 0) == 0;
}

/// As the program was started, so that it comes to the same again.
bool go_back(const Origin& origin) {
  if (origin.directory && ::fchdir(origin.directory.get()) != 0) return false;
  if (origin.environment.empty()) return true;
  ::clearenv();
  for (const std::string& entry : origin.environment) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos) continue;
    ::setenv(entry.substr(0, equals).c_str(), entry.c_str() + equals + 1, 1);
  }
  return true;
}

[[noreturn]] void become_worker(const Seat& seat, const std::string& program,
                                char** argv, const Origin& origin) {
  // Of nobody's children, so that nobody is left to wait for it.
  if (::setsid() < 0 || ::fork() != 0 || !go_back(origin) ||
      !arrange_descriptors(seat)) {
    ::_exit(0);
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGPIPE, SIGCHLD, SIGHUP, SIGTERM, SIGINT}) {
    ::signal(number, SIG_DFL);
  }
  // They are about the web server itself.
  for (const char* const name :
       {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS",
        "LISTEN_PID", "LISTEN_FDNAMES"}) {
    ::unsetenv(name);
  }
  ::setenv(seat_variable, "1", 1);
  ::execv(program.c_str(), argv);
  ::_exit(0);
}

}  // namespace

void start_worker(const std::string& name, const std::string& program,
                  char** argv, const Origin& origin) noexcept {
  try {
    const auto place = Place::find();
    if (!place) return;
    Seat seat;
    seat.lock = take_lock(*place, name);
    if (!seat.lock) return;
    seat.socket = bind(*place, name);
    if (!seat.socket) return;
    const pid_t child = ::fork();
    if (child == 0) become_worker(seat, program, argv, origin);
    while (child > 0 && ::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
  } catch (const std::exception&) {  // no memory: as without a worker
  }
}

std::optional<Seat> take_seat() {
  if (service::take_from_environment(seat_variable).empty()) {
    return std::nullopt;
  }
  Seat seat{Descriptor(socket_number), Descriptor(lock_number)};
  for (const int fd : {socket_number, lock_number}) {
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  return seat;
}

}  // namespace decant::warm
