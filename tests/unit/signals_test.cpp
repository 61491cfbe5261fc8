// SPDX-License-Identifier: MIT
#include "decant/service/loop/signals.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "decant/service/loop/forked_child.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/temporary_directory.hpp"
#include "support/wait.hpp"

namespace decant::service {
namespace {

using namespace std::chrono_literals;

constexpr int lives = 42;  // what a child gives that no signal has ended

bool has_event(const Signals& signals) {
  pollfd polled{signals.descriptor(), POLLIN, 0};
  return ::poll(&polled, 1, 0) == 1;
}

std::atomic<int> ticks{0};

}  // namespace

TEST_CASE("before a service serves TERM stops it at once", "[signals]") {
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT}) {
    CAPTURE(signal);
    const test::TemporaryDirectory directory;
    const std::string socket = directory.write("s", "");
    CHECK(test::in_child([&] {
            const Signals signals({.files = {socket}});
            ::raise(signal);
            return lives;
          }) == 0);
    CHECK(!std::filesystem::exists(socket));
  }
}

TEST_CASE("a signal that is held is heeded once somebody is there",
          "[signals]") {
  CHECK(test::in_child([] {
          Signals::hold();
          ::raise(SIGHUP);
          ::raise(SIGUSR1);
          Signals signals({});
          return signals.take_reload() && signals.take_reopen() ? lives : 1;
        }) == lives);
  const test::TemporaryDirectory directory;
  const std::string socket = directory.write("s", "");
  CHECK(test::in_child([&] {
          Signals::hold();
          ::raise(SIGTERM);
          if (!std::filesystem::exists(socket)) return 1;
          const Signals signals({.files = {socket}});
          return lives;
        }) == 0);
  CHECK(!std::filesystem::exists(socket));
}

TEST_CASE("the first TERM drains, the second one stops", "[signals]") {
  const test::TemporaryDirectory directory;
  const std::string socket = directory.write("s", "");
  CHECK(test::in_child([&] {
          Signals signals({.files = {socket}});
          signals.serving();
          if (has_event(signals) || signals.stop_requested()) return 1;
          ::raise(SIGTERM);
          if (!has_event(signals) || !signals.stop_requested()) return 2;
          if (!std::filesystem::exists(socket)) return 3;
          ::raise(SIGINT);
          return lives;
        }) == 0);
  CHECK(!std::filesystem::exists(socket));
}

TEST_CASE("a service is as good as its word when its grace is over",
          "[signals]") {
  const bool is_worker = GENERATE(false, true);
  CHECK(test::in_child([&] {
          Signals signals({.files = {}, .grace = 0s, .is_worker = is_worker});
          signals.serving();
          signals.request_stop();
          test::wait_until([] { return false; }, 5s);
          return lives;
        }) == 0);
}

TEST_CASE("a worker drains however often it is told", "[signals]") {
  CHECK(test::in_child([] {
          Signals signals({.files = {}, .is_worker = true});
          signals.serving();
          ::raise(SIGINT);  // from a terminal, for the supervisor
          if (signals.stop_requested()) return 1;
          ::raise(SIGTERM);
          ::raise(SIGTERM);
          ::raise(SIGTERM);
          return signals.stop_requested() ? lives : 2;
        }) == lives);
  CHECK(test::in_child([] {
          Signals signals({.files = {}, .is_worker = true});
          signals.serving();
          ::raise(SIGQUIT);
          return lives;
        }) == 0);
}

TEST_CASE("USR1 and HUP are remembered once", "[signals]") {
  CHECK(test::in_child([] {
          Signals signals({});
          signals.serving();
          if (signals.take_reopen() || signals.take_reload()) return 1;
          ::raise(SIGUSR1);
          if (!has_event(signals)) return 2;
          if (!signals.take_reopen() || signals.take_reopen()) return 3;
          ::raise(SIGHUP);
          if (!signals.take_reload() || signals.take_reload()) return 4;
          return signals.stop_requested() ? 5 : lives;
        }) == lives);
}

TEST_CASE("a broken pipe and a full file system end nobody", "[signals]") {
  CHECK(test::in_child([] {
          const Signals signals({});
          ::raise(SIGPIPE);
          ::raise(SIGXFSZ);
          return lives;
        }) == lives);
}

TEST_CASE("what an application does to signals while it is loaded is undone",
          "[signals]") {
  CHECK(test::in_child([] {
          Signals signals({});
          for (const int signal : {SIGTERM, SIGUSR1}) {
            ::signal(signal, SIG_IGN);
          }
          signals.serving();
          ::raise(SIGUSR1);
          ::raise(SIGTERM);
          if (!signals.take_reopen()) return 1;
          return signals.stop_requested() ? lives : 2;
        }) == lives);
}

TEST_CASE("the clock ticks until it is told not to", "[signals]") {
  CHECK(test::in_child([] {
          const Signals signals({});
          Signals::set_tick(
              [] { return std::chrono::milliseconds(++ticks < 3 ? 5 : 0); });
          Signals::start_clock(5ms);
          if (!test::wait_until([] { return ticks == 3; }, 5s)) return 1;
          return test::wait_until([] { return ticks > 3; }, 50ms) ? 2 : lives;
        }) == lives);
}

TEST_CASE("the main thread is the one that hears of signals", "[signals]") {
  CHECK(test::in_child([] {
          Signals signals({});
          signals.serving();
          std::atomic<int> interrupted{0};
          std::atomic<bool> done{false};
          std::jthread serves([&] {
            while (!done) {
              if (::poll(nullptr, 0, 1) < 0) ++interrupted;
            }
          });
          int reopened = 0;
          for (int i = 0; i < 100; ++i) {
            ::kill(::getpid(), SIGUSR1);
            signals.await();
            if (signals.take_reopen()) ++reopened;
          }
          done = true;
          return reopened == 100 && interrupted == 0 ? lives : 1;
        }) == lives);
}

TEST_CASE(
    "what is started from a process that serves has signals as by default",
    "[signals]") {
  CHECK(test::in_child([] {
          for (int signal = 1; signal < 32; ++signal) {
            ::signal(signal, SIG_DFL);
          }
          Signals::hold();
          Signals signals({.files = {}, .is_worker = true});
          signals.serving();
          const int status = std::system(
              "grep -q '^SigBlk:[[:space:]]*0*$' /proc/self/status && "
              // 32 and 33 are the C library's.
              "grep -q '^SigIgn:.*[08]0000000$' /proc/self/status");
          return status == 0 ? lives : 1;
        }) == lives);
}

TEST_CASE("a process that the application forks is none of ours", "[signals]") {
  CHECK(test::in_child([] {
          Signals signals({});
          signals.serving();
          const int ours = ::dup(STDIN_FILENO);
          keep_from_forks(ours);
          const pid_t child = ::fork();
          if (child == 0) {
            const bool closed = ::fcntl(ours, F_GETFD) < 0 &&
                                ::fcntl(signals.descriptor(), F_GETFD) < 0;
            if (!closed || !is_forked_child()) ::_exit(1);
            ::raise(SIGTERM);
            ::_exit(2);
          }
          int status = 0;
          ::waitpid(child, &status, 0);
          if (::fcntl(ours, F_GETFD) < 0 || is_forked_child()) return 1;
          return WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM ? lives : 2;
        }) == lives);
}

}  // namespace decant::service
