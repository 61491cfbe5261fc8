// SPDX-License-Identifier: MIT
#include "decant/application/program/child.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/process/child.hpp>
#include <boost/process/extend.hpp>
#include <boost/process/posix.hpp>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include "decant/error.hpp"
#include "decant/text.hpp"

namespace decant::program {
namespace {

namespace bp = boost::process;

[[noreturn]] void fail(const char* file, int error) {
  const std::string what = "program: " + decant::quoted(file) +
                           " cannot be run: " + std::strerror(error);
  switch (error) {
    case E2BIG:
      throw GatewayError(what +
                             "; the variables of the request are too large "
                             "for a process",
                         431);
    case EAGAIN:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
      throw GatewayError(what +
                             "; raise the limits of the service, or lower "
                             "--threads",
                         503);
    case ENOENT:
      throw GatewayError(what +
                             "; look at the file, and at what its #! line "
                             "names",
                         502);
    case ENOEXEC:
      throw GatewayError(what +
                             "; a script begins with #! and the path of its "
                             "interpreter",
                         502);
    default:
      throw GatewayError(what, 502);
  }
}

/// A descriptor above the standard three, which may have been closed in this
/// process: what is there is put over in the program.
Descriptor above_standard(int fd) {
  if (fd < 0 || fd > STDERR_FILENO) return Descriptor(fd);
  Descriptor low(fd);
  return Descriptor(::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

struct Pipe {
  Descriptor read;
  Descriptor write;
};

Pipe make_pipe(const char* file) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail(file, errno);
  Pipe pipe{above_standard(ends[0]), Descriptor()};
  pipe.write = above_standard(ends[1]);
  if (!pipe.read || !pipe.write) fail(file, errno);
  return pipe;
}

void stop_blocking(const Descriptor& end) {
  ::fcntl(end.get(), F_SETFL, O_NONBLOCK);
}

int empty_input() {
  static const Descriptor null =
      above_standard(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  return null.get();
}

/// The program's side.
struct Ends {
  int input;
  int output;
  int errors;
};

/// What a program may count on: no signal is ignored, as SIGPIPE is here, and
/// none is blocked, as TERM is in a thread that serves. A handler must not run
/// before the program does: the memory is still ours.
void restore_signals() noexcept {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < 32; ++number) {
    ::sigaction(number, &action, nullptr);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// Between vfork and exec, in memory that is still ours. Gives an errno.
int prepare(const Start& start, const Ends& ends,
            GuardedGroup& group) noexcept {
  ::setpgid(0, 0);
  group.set(::getpid());
  ::dup2(ends.input, STDIN_FILENO);
  ::dup2(ends.output, STDOUT_FILENO);
  ::dup2(ends.errors, STDERR_FILENO);
  // Boost lets a child inherit what somebody forgot to mark.
  ::syscall(SYS_close_range, 3U, UINT_MAX, CLOSE_RANGE_CLOEXEC);
  if (::chdir(start.directory) != 0) return errno;
  restore_signals();
  return 0;
}

/// All signals, for the time in which two processes share one memory.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

/// Gives the process; throws when it does not come to run the program. With
/// vfork: measured with a static hello on four threads, a service answers 2.1
/// times as many requests as with fork, which copies the tables of its memory
/// and has every other thread fault its pages in again.
pid_t spawn(const Start& start, const Ends& ends, GuardedGroup& group) {
  std::array<char*, 2> arguments = {const_cast<char*>(start.file), nullptr};
  int error_before_exec = 0;
  pid_t failed = -1;
  std::error_code error;
  const SignalsBlocked blocked;
  bp::child child(
      bp::extend::on_setup =
          [&](auto& executor) {
            executor.exe = start.file;
            executor.cmd_line = arguments.data();
            executor.env = start.environment;
          },
      bp::extend::on_exec_setup =
          [&](auto&) {
            error_before_exec = prepare(start, ends, group);
            if (error_before_exec != 0) ::_exit(127);
          },
      bp::extend::on_error =
          [&](auto& executor, const std::error_code&) {
            failed = executor.pid;
          },
// The analyser objects to how Boost notes a failed exec, and ThreadSanitizer
// makes a fork of vfork, by which that would not come back.
#if !defined(__clang_analyzer__) && !defined(__SANITIZE_THREAD__)
      bp::posix::use_vfork,
#endif
      error);
  const pid_t pid = error ? failed : child.id();
  child.detach();
  if (!error && error_before_exec == 0) return pid;
  group.set(0);
  // Boost does not wait for a child whose exec failed.
  if (pid > 0) ::waitpid(pid, nullptr, 0);
  fail(start.file, error ? error.value() : error_before_exec);
}

}  // namespace

Child::Child(const Start& start) {
  Pipe to_input;
  if (start.with_input) to_input = make_pipe(start.file);
  Pipe from_output = make_pipe(start.file);
  Pipe from_errors = make_pipe(start.file);
  const Ends ends{start.with_input ? to_input.read.get() : empty_input(),
                  from_output.write.get(), from_errors.write.get()};
  pid_ = spawn(start, ends, group_);
  descriptor_ =
      Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0U)));
  input = std::move(to_input.write);
  output = std::move(from_output.read);
  errors = std::move(from_errors.read);
  if (input) stop_blocking(input);
  stop_blocking(output);
  stop_blocking(errors);
}

Child::Child(Child&& other) noexcept
    : input(std::move(other.input)),
      output(std::move(other.output)),
      errors(std::move(other.errors)),
      group_(std::move(other.group_)),
      pid_(std::exchange(other.pid_, -1)),
      descriptor_(std::move(other.descriptor_)) {}

Child::~Child() {
  if (reaped()) return;
  signal(SIGKILL);
  reap();
}

bool Child::has_ended() const noexcept {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid_), &info,
                  WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid != 0;
}

void Child::signal(int number) const noexcept {
  if (!reaped()) ::kill(-pid_, number);
}

int Child::reap() noexcept {
  int status = 0;
  // While it is not reaped its group's number cannot become another's.
  group_.set(0);
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status;
}

}  // namespace decant::program
