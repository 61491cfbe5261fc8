// SPDX-License-Identifier: MIT
#include "decant/service/loop/deadline.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "decant/runtime.hpp"
#include "decant/service/loop/signals.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/pipe.hpp"
#include "support/wait.hpp"

namespace decant::service {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view answer = "too late";
std::atomic<int> stuck{0};
std::atomic<int> interrupted{0};

struct SocketPair {
  SocketPair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) ==
        0) {
      ours.reset(ends[0]);
      peer.reset(ends[1]);
    }
  }
  Descriptor ours;
  Descriptor peer;
};

Variables variables() {
  return {{"REQUEST_METHOD", "GET"}, {"REQUEST_URI", "/slow\n"}};
}

void count_stuck(const void*) noexcept {
  ++stuck;
}

/// Runs `body` in a process that has a time-out, and keeps what it logs.
struct Outcome {
  int status;
  std::string log;
};

Outcome with_deadlines(DeadlineSettings settings,
                       const std::function<int()>& body) {
  test::Pipe errors;
  const int status = test::in_child([&] {
    ::dup2(errors.write.get(), STDERR_FILENO);
    const Signals signals({.files = {}, .is_worker = true});
    settings.stuck = count_stuck;
    set_deadlines(settings);
    return body();
  });
  errors.write.reset();
  return {status, test::read_to_end(errors.read.get())};
}

/// True once the request of the calling thread has been answered by the clock.
bool comes_to_its_end() {
  return test::wait_until(request_timed_out, 5s);
}

}  // namespace

TEST_CASE("without a time-out a request takes as long as it takes",
          "[deadline]") {
  const Outcome outcome = with_deadlines({}, [] {
    const SocketPair sockets;
    const Variables names = variables();
    TimedRequest request(sockets.ours.get(), answer, names);
    if (has_deadlines() || request_timed_out()) return 1;
    return request.claim_head() ? 0 : 2;
  });
  CHECK(outcome.status == 0);
  CHECK(outcome.log.empty());
}

TEST_CASE("a request that takes too long is answered", "[deadline]") {
  const Outcome outcome = with_deadlines({.timeout = 50ms}, [] {
    SocketPair sockets;
    const Variables names = variables();
    {
      TimedRequest request(sockets.ours.get(), answer, names);
      if (request_timed_out()) return 1;
      if (!comes_to_its_end()) return 2;
      if (request.claim_head()) return 3;  // nothing of the application's
    }
    if (request_timed_out()) return 4;
    sockets.ours.reset();
    return test::read_to_end(sockets.peer.get()) == answer ? 0 : 5;
  });
  CHECK(outcome.status == 0);
  CHECK(outcome.log ==
        "decant: GET /slow\\x0a: took longer than --timeout allows\n");
}

TEST_CASE("a head that has gone out is followed by no other", "[deadline]") {
  const Outcome outcome = with_deadlines({.timeout = 20ms}, [] {
    SocketPair sockets;
    const Variables names = variables();
    TimedRequest request(sockets.ours.get(), answer, names);
    if (!request.claim_head()) return 1;
    // The peer sees that no more comes, and none of the answer.
    pollfd polled{sockets.peer.get(), POLLIN, 0};
    if (!test::wait_until([&] { return ::poll(&polled, 1, 0) == 1; }, 5s)) {
      return 2;
    }
    if (!test::read_to_end(sockets.peer.get()).empty()) return 4;
    return request_timed_out() ? 3 : 0;
  });
  CHECK(outcome.status == 0);
  CHECK(outcome.log ==
        "decant: GET /slow\\x0a: took longer than --timeout allows\n");
}

TEST_CASE("each request has its own time", "[deadline]") {
  const Outcome outcome = with_deadlines({.timeout = 200ms}, [] {
    const SocketPair sockets;
    const Variables names = variables();
    for (int i = 0; i < 5; ++i) {
      TimedRequest request(sockets.ours.get(), answer, names);
      if (test::wait_until(request_timed_out, 60ms)) return 1;
      if (!request.claim_head()) return 2;
    }
    return 0;
  });
  CHECK(outcome.status == 0);
  CHECK(outcome.log.empty());
}

TEST_CASE("a thread that does not come back is lost", "[deadline]") {
  const Outcome outcome = with_deadlines({.timeout = 20ms}, [] {
    const SocketPair sockets;
    const Variables names = variables();
    {
      const TimedRequest request(sockets.ours.get(), answer, names);
      if (!comes_to_its_end()) return 1;
      if (stuck != 0 || take_lost_threads() != 0) return 2;
      if (!test::wait_until([] { return stuck == 1; }, 5s)) return 3;
      if (take_lost_threads() != 1 || take_lost_threads() != 0) return 4;
    }
    // What has come back after all is no worse than any other.
    const TimedRequest next(sockets.ours.get(), answer, names);
    if (!comes_to_its_end()) return 5;
    return test::wait_until([] { return stuck == 2; }, 5s) ? 0 : 6;
  });
  CHECK(outcome.status == 0);
}

TEST_CASE("the thread whose time is over is the one that hears of it",
          "[deadline]") {
  const Outcome outcome = with_deadlines({.timeout = 50ms}, [] {
    std::atomic<int> answered{0};
    std::atomic<bool> started{false};
    SocketPair slow;
    SocketPair quick;
    const Variables names = variables();
    std::jthread other([&] {
      const TimedRequest request(slow.ours.get(), answer, names);
      started = true;
      if (comes_to_its_end()) ++answered;
    });
    if (!test::wait_until([&] { return started.load(); })) return 1;
    for (int i = 0; i < 20; ++i) {
      const TimedRequest request(quick.ours.get(), answer, names);
      if (test::wait_until(request_timed_out, 5ms)) return 2;
    }
    other.join();
    quick.ours.reset();
    if (!test::read_to_end(quick.peer.get()).empty()) return 3;
    return answered == 1 ? 0 : 4;
  });
  CHECK(outcome.status == 0);
  CHECK(outcome.log.find("/slow") != std::string::npos);
}

TEST_CASE("a runtime is asked to interrupt what its main thread runs",
          "[deadline]") {
  for (const bool in_main_thread : {true, false}) {
    CAPTURE(in_main_thread);
    const Outcome outcome = with_deadlines(
        {.timeout = 20ms, .in_main_thread = in_main_thread}, [&] {
          Runtime runtime;
          runtime.interrupt = [] { ++interrupted; };
          set_runtime(runtime);
          const SocketPair sockets;
          const Variables names = variables();
          const TimedRequest request(sockets.ours.get(), answer, names);
          if (!comes_to_its_end()) return 1;
          return test::wait_until([] { return interrupted == 1; }, 200ms) ==
                         in_main_thread
                     ? 0
                     : 2;
        });
    CHECK(outcome.status == 0);
  }
}

TEST_CASE("anybody may send the signal of a time-out", "[deadline]") {
  const Outcome outcome = with_deadlines({.timeout = 10s}, [] {
    ::raise(SIGUSR2);
    const SocketPair sockets;
    const Variables names = variables();
    TimedRequest request(sockets.ours.get(), answer, names);
    ::raise(SIGUSR2);
    return !request_timed_out() && request.claim_head() ? 0 : 1;
  });
  CHECK(outcome.status == 0);
  CHECK(outcome.log.empty());
}

}  // namespace decant::service
