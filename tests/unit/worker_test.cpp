// SPDX-License-Identifier: MIT
// TERM that comes as soon as anybody can send it.
#include "decant/service/process/worker.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "decant/broken_pipe.hpp"
#include "decant/service/loop/signals.hpp"
#include "decant/service/process/zygote.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/pipe.hpp"
#include "support/wait.hpp"

namespace decant::service {
namespace {

constexpr int drained = 42;
constexpr int stopped = 43;

/// Has the kernel send TERM to `process`, or to the group of its negative,
/// within each write(2) to the pipe, and when that is closed: nobody who reads
/// what was written could be earlier.
void answer_with_term(const test::Pipe& pipe, pid_t process) {
  const int end = pipe.read.get();
  if (::fcntl(end, F_SETOWN, process) != 0 ||
      ::fcntl(end, F_SETSIG, SIGTERM) != 0 ||
      ::fcntl(end, F_SETFL, O_ASYNC) != 0) {
    throw std::system_error(errno, std::generic_category(), "fcntl");
  }
}

/// A service without doors.
struct Doorless {
  explicit Doorless(int processes)
      : shared{.name = "test",
               .banner = "listening",
               .warnings = {},
               .options = options,
               .load = load,
               .application = {},
               .doors = {},
               .listeners = {},
               .board = {1, options.threads},
               .access_log = nullptr,
               .processes = processes} {}

  const Options options;
  const Loader load = [] {
    return Application([](auto&&...) -> Body { return ""; });
  };
  Shared shared;
};

}  // namespace

TEST_CASE("TERM drains as soon as the log says that it serves", "[worker]") {
  CHECK(test::in_child([] {
          const test::Pipe log;
          ::dup2(log.write.get(), STDERR_FILENO);
          answer_with_term(log, ::getpid());
          Doorless service(0);
          return work(service.shared, {}, nullptr) == 0 ? drained : 1;
        }) == drained);
}

TEST_CASE("TERM drains as soon as the supervisor hears that it serves",
          "[worker]") {
  CHECK(test::in_child([] {
          test::Pipe reports;
          answer_with_term(reports, ::getpid());
          Doorless service(1);
          const Seat seat{.reports = reports.write.get()};
          const int status = work(service.shared, seat, nullptr);
          reports.read.reset();  // or TERM comes as it is closed
          return status == 0 ? drained : 1;
        }) == drained);
}

TEST_CASE("a worker of the zygote heeds TERM from its start", "[worker]") {
  CHECK(test::in_child([] {
          // Its parent, as the supervisor is, in a group of their own.
          ::prctl(PR_SET_CHILD_SUBREAPER, 1);
          ::setpgid(0, 0);
          take_no_notice_of(SIGTERM);
          const test::Pipe reports;
          Doorless service(1);
          Zygote zygote(service.shared, 1, reports.write.get(), [] {});
          Report report{};
          const auto next = [&] {
            return ::read(reports.read.get(), &report, sizeof report) ==
                   static_cast<ssize_t>(sizeof report);
          };
          if (!next() || report.kind != Report::Kind::loaded) return 1;
          answer_with_term(reports, -::getpid());
          if (!zygote.fork_worker(0) || !next()) return 2;
          if (report.kind != Report::Kind::started) return 3;
          // It is ours once the process between it and the zygote has ended.
          int status = 0;
          if (!test::wait_until([&] {
                return ::waitpid(report.pid, &status, WNOHANG) == report.pid;
              })) {
            return 4;
          }
          if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return 5;
          // It did not come to serve, which it would have reported.
          pollfd polled{reports.read.get(), POLLIN, 0};
          return ::poll(&polled, 1, 0) == 0 ? stopped : 6;
        }) == stopped);
}

}  // namespace decant::service
