// SPDX-License-Identifier: MIT
#include "decant/service/status/scoreboard.hpp"

#include <algorithm>
#include <fstream>
#include <numeric>
#include <sstream>
#include <thread>

#include "support/catch.hpp"
#include "support/child.hpp"

namespace decant::service {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

std::int64_t steady_now() {
  return nanoseconds(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void employ(Scoreboard& board, int index, pid_t pid = ::getpid()) {
  WorkerSlot& slot = board.worker(index);
  slot.started = steady_now();
  slot.generation = 1;
  slot.state = WorkerState::ready;
  slot.pid = pid;
}

void serve(ThreadSlot& slot, int status, Outcome outcome = Outcome::complete) {
  slot.begin("GET", "/");
  slot.end(status, 10, 1000, 3ms, 1ms, outcome);
}

std::uint64_t count(const Histogram& histogram) {
  return std::accumulate(histogram.buckets.begin(), histogram.buckets.end(),
                         std::uint64_t{0});
}

std::string line_of(std::string_view method, std::string_view target) {
  Scoreboard board(1, 1);
  board.thread(0, 0).begin(method, target);
  return board.thread(0, 0).request_line();
}

/// How much memory all shared mappings of this process take.
std::uint64_t shared_resident() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("RssShmem:")) continue;
    std::istringstream words(line.substr(9));
    std::uint64_t kilobytes = 0;
    words >> kilobytes;
    return kilobytes * 1024;
  }
  return 0;
}

}  // namespace

TEST_CASE("A new scoreboard has no worker and no count") {
  const Scoreboard board(4, 2);
  const Snapshot snapshot = board.snapshot();
  CHECK(snapshot.workers.empty());
  CHECK(snapshot.threads == 2);
  CHECK(snapshot.restarts == 0);
  CHECK(snapshot.totals.requests == 0);
  CHECK(count(snapshot.totals.taken) == 0);
  CHECK(snapshot.age >= 0ns);
  const auto since = std::chrono::system_clock::now() - snapshot.started;
  CHECK(since >= 0s);
  CHECK(since < 10min);
}

TEST_CASE("Requests are counted by their doors, of workers that are gone too") {
  Scoreboard board(2, 2, 0, {"a", "b"});
  employ(board, 1);
  const auto end = [&](int thread, std::size_t door, int status) {
    board.thread(1, thread).end(status, 1, 2, 1ms, 0ms, Outcome::complete,
                                &board.traffic(1, thread)[door]);
  };
  end(0, 0, 200);
  end(0, 1, 200);
  end(1, 1, 500);
  board.thread(1, 1).begin("GET", "/", {}, 1);
  for (const bool gone : {false, true}) {
    CAPTURE(gone);
    if (gone) {
      board.thread(1, 1).in_flight_since = 1;  // it dies with its worker
      board.clear_worker(1);
    }
    const Snapshot snapshot = board.snapshot();
    REQUIRE(snapshot.doors.size() == 2);
    CHECK(snapshot.doors[0].name == "a");
    CHECK(snapshot.doors[0].traffic.requests == 1);
    CHECK(snapshot.doors[1].traffic.requests == (gone ? 3 : 2));
    CHECK(snapshot.doors[1].traffic.errors == (gone ? 2 : 1));
    CHECK(snapshot.doors[1].traffic.bytes_sent == 4);
    CHECK(snapshot.totals.requests == (gone ? 4 : 3));
  }
}

TEST_CASE("Requests are counted by what became of them") {
  Scoreboard board(2, 2);
  employ(board, 1);
  ThreadSlot& slot = board.thread(1, 1);
  serve(slot, 200);
  serve(slot, 404, Outcome::refused);
  serve(slot, 500, Outcome::failed);
  serve(slot, 502);
  serve(slot, 200, Outcome::cut_short);
  serve(slot, 200, Outcome::client_gone);
  serve(slot, 0, Outcome::client_gone);
  const Snapshot snapshot = board.snapshot();
  CHECK(snapshot.totals.requests == 7);
  CHECK(snapshot.totals.errors == 3);
  CHECK(snapshot.totals.client_gone == 2);
  CHECK(snapshot.totals.bytes_received == 70);
  CHECK(snapshot.totals.bytes_sent == 7000);
  REQUIRE(snapshot.workers.size() == 1);
  CHECK(snapshot.workers[0].index == 1);
  CHECK(snapshot.workers[0].pid == ::getpid());
  CHECK(snapshot.workers[0].state == WorkerState::ready);
  CHECK(snapshot.workers[0].generation == 1);
  CHECK(snapshot.workers[0].counters.requests == 7);
  CHECK(snapshot.workers[0].in_flight.empty());
  CHECK_FALSE(snapshot.workers[0].memory);
}

TEST_CASE("A duration is in the first bucket whose bound it does not exceed") {
  Scoreboard board(1, 1);
  employ(board, 0);
  ThreadSlot& slot = board.thread(0, 0);
  slot.end(200, 0, 0, 1ms, 0ns, Outcome::complete);
  slot.end(200, 0, 0, 1ms + 1ns, 60s, Outcome::complete);
  slot.end(200, 0, 0, 60s, 61s, Outcome::complete);
  slot.end(200, 0, 0, 1h, -5ns, Outcome::complete);  // a clock gone mad
  const Counters totals = board.snapshot().totals;
  Histogram taken;
  taken.buckets[0] = 1;
  taken.buckets[1] = 1;
  taken.buckets[14] = 1;
  taken.buckets[15] = 1;
  CHECK(totals.taken.buckets == taken.buckets);
  const auto sum = 2ms + 1ns + 60s + 1h;
  CHECK(nanoseconds(totals.taken.sum) == sum);
  CHECK(totals.waited.buckets[0] == 2);
  CHECK(totals.waited.buckets[14] == 1);
  CHECK(totals.waited.buckets[15] == 1);
  CHECK(nanoseconds(totals.waited.sum) == 121s);
}

TEST_CASE("The bounds of the buckets grow from 1 ms to 60 s") {
  CHECK(bucket_bounds.front() == 1ms);
  CHECK(bucket_bounds.back() == 60s);
  CHECK(std::is_sorted(bucket_bounds.begin(), bucket_bounds.end(),
                       std::less_equal<>()));
}

TEST_CASE("A request in flight is seen with its age and its line") {
  Scoreboard board(1, 3);
  employ(board, 0);
  ThreadSlot& slot = board.thread(0, 2);
  CHECK(slot.in_flight_since == 0);
  const std::int64_t before = steady_now();
  slot.begin("POST", "/upload?x=1");
  CHECK(slot.in_flight_since >= before);
  CHECK(slot.in_flight_since <= steady_now());
  slot.in_flight_since = steady_now() - nanoseconds(5s).count();
  const Snapshot snapshot = board.snapshot();
  REQUIRE(snapshot.workers.size() == 1);
  REQUIRE(snapshot.workers[0].in_flight.size() == 1);
  const RequestInFlight& request = snapshot.workers[0].in_flight[0];
  CHECK(request.thread == 2);
  CHECK(request.line == "POST /upload?x=1");
  CHECK(request.age >= 5s);
  slot.end(200, 0, 0, 5s, 0ns, Outcome::complete);
  CHECK(slot.in_flight_since == 0);
  CHECK(board.snapshot().workers[0].in_flight.empty());
}

TEST_CASE("The line of a request is printable and of one piece") {
  CHECK(line_of("GET", "/").size() == 5);
  CHECK(line_of("", "") == " ");
  CHECK(line_of("GET", "/a\r\nb\x1B[2J\x7F\t") ==
        "GET /a\\x0d\\x0ab\\x1b[2J\\x7f\\x09");
  CHECK(line_of("GET", "/\xC3\xA4") == "GET /\\xc3\\xa4");
  CHECK(line_of("GET", std::string_view("/\0x", 3)) == "GET /\\x00x");
}

TEST_CASE("A line that does not fit is cut and says so") {
  constexpr std::size_t most = ThreadSlot::line_size - 4;  // dots and a zero
  CHECK(line_of("GET", std::string(most - 4, 'x')) ==
        "GET " + std::string(most - 4, 'x'));
  CHECK(line_of("GET", std::string(most - 3, 'x')) ==
        "GET " + std::string(most - 4, 'x') + "...");
  CHECK(line_of("GET", std::string(100'000, 'x')) ==
        "GET " + std::string(most - 4, 'x') + "...");
  CHECK(line_of("GET", std::string(most - 5, 'x') + "\n") ==
        "GET " + std::string(most - 5, 'x') + "\\x0a");
  CHECK(line_of(std::string(1000, 'M'), "/") == std::string(most, 'M') + "...");
}

TEST_CASE("A shorter line leaves nothing of a longer one") {
  Scoreboard board(1, 1);
  ThreadSlot& slot = board.thread(0, 0);
  slot.begin("GET", std::string(1000, 'x'));
  slot.begin("GET", "/a");
  CHECK(slot.request_line() == "GET /a");
}

TEST_CASE("A line that is read while it is written is still printable") {
  Scoreboard board(1, 1);
  ThreadSlot& slot = board.thread(0, 0);
  std::atomic<bool> done{false};
  std::jthread writer([&] {
    for (int i = 0; i < 20'000; ++i) {
      slot.begin("GET", std::string(static_cast<std::size_t>(i % 300), 'a'));
      slot.begin("POST", "/\n");
    }
    done = true;
  });
  bool printable = true;
  while (!done) {
    const std::string line = slot.request_line();
    printable = printable && line.size() <= 4 * ThreadSlot::line_size &&
                std::all_of(line.begin(), line.end(),
                            [](char c) { return c >= ' ' && c <= '~'; });
  }
  CHECK(printable);
}

TEST_CASE("What a writer breaks does not reach the reader") {
  Scoreboard board(1, 1);
  ThreadSlot& slot = board.thread(0, 0);
  // The whole slot full of ones: no zero to end the line.
  std::fill_n(reinterpret_cast<unsigned char*>(&slot), sizeof slot,
              static_cast<unsigned char>(0xFF));
  std::string escaped;
  for (std::size_t i = 0; i < ThreadSlot::line_size; ++i) escaped += "\\xff";
  CHECK(slot.request_line() == escaped);
  board.worker(0).pid = 1;
  board.worker(0).state = static_cast<WorkerState>(77);
  board.worker(0).started = -5;
  const Snapshot snapshot = board.snapshot();
  CHECK(name_of(snapshot.workers.at(0).state) == "gone");
  CHECK(snapshot.workers[0].age == 0ns);
}

TEST_CASE("The parent sees what a child counts") {
  Scoreboard board(2, 1);
  CHECK(test::in_child([&] {
          employ(board, 1);
          for (int i = 0; i < 5; ++i) serve(board.thread(1, 0), 200);
          board.thread(1, 0).begin("GET", "/crash");
          return 0;
        }) == 0);
  const Snapshot snapshot = board.snapshot();
  REQUIRE(snapshot.workers.size() == 1);
  CHECK(snapshot.workers[0].pid != ::getpid());
  CHECK(snapshot.totals.requests == 5);
  // What a worker was serving when it died.
  REQUIRE(snapshot.workers[0].in_flight.size() == 1);
  CHECK(snapshot.workers[0].in_flight[0].line == "GET /crash");
}

TEST_CASE("The counters of a retired worker stay with the service") {
  Scoreboard board(2, 2);
  employ(board, 0);
  employ(board, 1);
  for (int thread : {0, 1}) serve(board.thread(0, thread), 200);
  serve(board.thread(1, 0), 503);
  board.worker(0).restarts = 3;
  board.clear_worker(0);
  Snapshot snapshot = board.snapshot();
  REQUIRE(snapshot.workers.size() == 1);
  CHECK(snapshot.workers[0].index == 1);
  CHECK(snapshot.totals.requests == 3);
  CHECK(snapshot.totals.errors == 1);
  CHECK(snapshot.totals.bytes_sent == 3000);
  CHECK(count(snapshot.totals.taken) == 3);
  CHECK(snapshot.totals.taken.sum == std::uint64_t{9'000'000});
  CHECK(snapshot.restarts == 3);
  CHECK(board.worker(0).pid == 0);
  CHECK(board.worker(0).state == WorkerState::gone);

  // The next worker in the slot begins at nothing.
  employ(board, 0);
  serve(board.thread(0, 0), 200);
  snapshot = board.snapshot();
  CHECK(snapshot.workers.at(0).counters.requests == 1);
  CHECK(snapshot.workers[0].restarts == 3);
  CHECK(snapshot.totals.requests == 4);

  // Retired once is enough.
  board.clear_worker(0);
  board.clear_worker(0);
  CHECK(board.snapshot().totals.requests == 4);
}

TEST_CASE("A request that dies with its worker is an error") {
  Scoreboard board(1, 2);
  employ(board, 0);
  board.thread(0, 1).begin("GET", "/crash");
  board.clear_worker(0);
  const Counters totals = board.snapshot().totals;
  CHECK(totals.requests == 1);
  CHECK(totals.errors == 1);
  CHECK(count(totals.taken) == 1);
  CHECK(board.thread(0, 1).in_flight_since == 0);
}

TEST_CASE("Threads that count in parallel lose nothing") {
  constexpr std::uint64_t each = 10'000;
  Scoreboard board(1, 4);
  employ(board, 0);
  std::uint64_t last = 0;
  bool grows = true;
  {
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&board, thread] {
        for (std::uint64_t i = 0; i < each; ++i) {
          serve(board.thread(0, thread), 200);
        }
      });
    }
    for (int i = 0; i < 200; ++i) {
      const std::uint64_t requests = board.snapshot().totals.requests;
      grows = grows && requests >= last;
      last = requests;
    }
  }
  CHECK(grows);
  CHECK(board.snapshot().totals.requests == 4 * each);
}

TEST_CASE("Slots that nobody uses take no memory") {
  const std::uint64_t before = shared_resident();
  Scoreboard board(1024, 64);  // 36 MiB if all were used
  employ(board, 0);
  serve(board.thread(0, 0), 200);
  board.snapshot();
  CHECK(shared_resident() - before < std::uint64_t{512} * 1024);
}

TEST_CASE("Threads do not share cache lines") {
  Scoreboard board(2, 2);
  CHECK(reinterpret_cast<std::uintptr_t>(&board.thread(0, 1)) % 64 == 0);
  CHECK(reinterpret_cast<std::uintptr_t>(&board.thread(1, 0)) % 64 == 0);
  CHECK(reinterpret_cast<std::uintptr_t>(&board.worker(1)) % 64 == 0);
}

TEST_CASE("The memory of a worker is measured when it is asked for") {
  Scoreboard board(2, 1);
  employ(board, 0);
  employ(board, 1, 0x7FFFFFFF);  // nobody has this number
  Snapshot snapshot = board.snapshot();
  measure_memory(snapshot);
  REQUIRE(snapshot.workers[0].memory);
  CHECK(snapshot.workers[0].memory->private_bytes > 100'000);
  CHECK(snapshot.workers[0].memory->resident >=
        snapshot.workers[0].memory->private_bytes);
  CHECK_FALSE(snapshot.workers[1].memory);
}

TEST_CASE("Memory is read from either file of the kernel") {
  CHECK(parse_smaps_rollup("00400000-7ffe ---p 00000000 00:00 0 [rollup]\n"
                           "Rss:                3092 kB\n"
                           "Pss:                1100 kB\n"
                           "Shared_Clean:       2000 kB\n"
                           "Private_Clean:        36 kB\n"
                           "Private_Dirty:      1056 kB\n") ==
        ProcessMemory{3'166'208, 1'118'208});
  CHECK_FALSE(parse_smaps_rollup(""));
  CHECK_FALSE(parse_smaps_rollup("Rss: many kB\n"));
  CHECK(parse_statm("2000 700 500 10 0 300 0\n", 4096) ==
        ProcessMemory{2'867'200, 819'200});
  CHECK_FALSE(parse_statm("2000 700", 4096));
  CHECK_FALSE(parse_statm("2000 700 900", 4096));
  CHECK_FALSE(parse_statm("", 4096));
}

}  // namespace decant::service
