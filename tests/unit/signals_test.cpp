// SPDX-License-Identifier: MIT
#include "decant/service/signals.hpp"

#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>

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

TEST_CASE("a thread that serves is left alone by signals", "[signals]") {
  CHECK(test::in_child([] {
          Signals signals({});
          signals.serving();
          Signals::block(false);
          for (const int signal : {SIGTERM, SIGINT, SIGUSR1, SIGHUP}) {
            ::raise(signal);
          }
          if (signals.stop_requested() || signals.take_reopen()) return 1;
          const sigset_t mask = Signals::waiting_mask();
          for (const int signal : {SIGTERM, SIGINT, SIGUSR1, SIGHUP, SIGALRM}) {
            if (sigismember(&mask, signal) != 0) return 2;
          }
          // A second stop would end it: one of the two is taken away.
          ::signal(SIGINT, SIG_IGN);
          bool reopens = false;
          // One signal each time.
          for (int i = 0; i < 3; ++i) {
            ::sigsuspend(&mask);
            reopens |= signals.take_reopen();
          }
          return signals.stop_requested() && reopens ? lives : 3;
        }) == lives);
}

}  // namespace decant::service
