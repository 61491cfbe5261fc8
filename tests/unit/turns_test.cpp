// SPDX-License-Identifier: MIT
#include "decant/service/loop/turns.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/wait.hpp"

namespace decant::service {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// Computes until it is told to stop. Gives how long it had no processor since
/// it said that it had begun.
Clock::duration compute_until(const std::atomic<bool>& done,
                              std::atomic<bool>& begun) {
  Clock::duration without{};
  auto before = Clock::now();
  begun = true;
  while (!done) {
    const auto now = Clock::now();
    if (now - before > 50us) without += now - before;
    before = now;
  }
  return without;
}

/// A thread that takes its turn and does something with it, again and again.
class Player {
 public:
  Player(Turns& turns, int number, std::function<void()> play)
      : thread_([this, &turns, number, play = std::move(play)] {
          while (auto turn = turns.await(number)) {
            has_turn_ = true;
            for (;;) {
              turns.begin(*turn);
              play();
              ++played_;
              if (!turns.end(*turn)) break;
              if (stopping_) return turns.stop();
            }
          }
        }) {}
  ~Player() { stopping_ = true; }

  bool has_had_turn() const { return has_turn_; }
  int played() const { return played_; }
  /// After what it plays now.
  void stop() { stopping_ = true; }

 private:
  std::atomic<bool> has_turn_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<int> played_{0};
  std::jthread thread_;
};

}  // namespace

TEST_CASE("one thread has the turn at a time", "[turns]") {
  Turns turns;
  std::atomic<int> owners{0};
  std::atomic<int> most{0};
  {
    std::vector<std::jthread> threads;
    for (int number = 0; number < 4; ++number) {
      threads.emplace_back([&, number] {
        // Between two pieces of work, not within one: nobody overtakes there.
        while (auto turn = turns.await(number)) {
          most = std::max(most.load(), ++owners);
          const auto end = Clock::now() + 200us;
          while (Clock::now() < end) {
          }
          --owners;
          turns.begin(*turn);
          std::this_thread::sleep_for(5ms);  // waits, so another steps in
          if (turns.end(*turn)) break;
        }
      });
    }
    // The one that nobody overtook keeps the turn: it is stopped with it.
    test::wait_until([&] { return most > 0; });
    std::this_thread::sleep_for(50ms);
    turns.stop();
  }
  CHECK(most == 1);
}

TEST_CASE("a thread that waits in mid-request is overtaken", "[turns]") {
  Turns turns;
  std::atomic<bool> released{false};
  Player waiting(turns, 0, [&] {
    while (!released) std::this_thread::sleep_for(1ms);
  });
  REQUIRE(test::wait_until([&] { return waiting.has_had_turn(); }));
  const auto start = Clock::now();
  Player other(turns, 1, [&] {
    while (!released) std::this_thread::sleep_for(1ms);
  });
  CHECK(test::wait_until([&] { return other.has_had_turn(); }));
  // A busy machine takes its time; alone it is two or three milliseconds.
  CHECK(Clock::now() - start < 1s);
  // It finds out when it is done, and comes again for the next turn.
  CHECK(waiting.played() == 0);
  other.stop();
  released = true;
  CHECK(test::wait_until([&] { return waiting.played() > 0; }));
}

TEST_CASE("a thread that computes keeps its turn", "[turns]") {
  // Without a processor, on a machine that is busy, it does not compute: what
  // was seen then proves nothing.
  int judged = 0;
  for (int attempt = 0; attempt < 10; ++attempt) {
    std::atomic<bool> done{false};
    std::atomic<bool> begun{false};
    Clock::duration without{};
    bool overtaken = false;
    {
      Turns turns;
      Player computing(turns, 0,
                       [&] { without += compute_until(done, begun); });
      REQUIRE(test::wait_until([&] { return begun.load(); }));
      Player other(turns, 1, [] {});
      overtaken = test::wait_until([&] { return other.has_had_turn(); }, 30ms);
      computing.stop();
      other.stop();
      done = true;
    }
    if (without >= 500us) continue;
    ++judged;
    if (!overtaken) return;
  }
  if (judged == 0) WARN("this machine is too busy to tell");
  CHECK(judged == 0);  // else it was overtaken each time
}

TEST_CASE("a thread without a request is not overtaken", "[turns]") {
  Turns turns;
  std::atomic<bool> stepped_in{false};
  auto turn = turns.await(0);
  REQUIRE(turn);
  std::jthread other([&] { stepped_in = turns.await(1).has_value(); });
  // As long as the watch needs to fall asleep, and to be woken from that.
  CHECK(!test::wait_until([&] { return stepped_in.load(); }, 100ms));
  turns.begin(*turn);
  CHECK(test::wait_until([&] { return stepped_in.load(); }));
  CHECK(!turns.end(*turn));
  turns.stop();
}

TEST_CASE("a stop wakes every thread", "[turns]") {
  Turns turns;
  auto turn = turns.await(0);
  REQUIRE(turn);
  std::atomic<int> told{0};
  std::vector<std::jthread> others;
  for (int number = 1; number < 5; ++number) {
    others.emplace_back([&, number] {
      if (!turns.await(number)) ++told;
    });
  }
  turns.stop();
  CHECK(test::wait_until([&] { return told == 4; }));
  CHECK(!turns.await(0));
}

}  // namespace decant::service
