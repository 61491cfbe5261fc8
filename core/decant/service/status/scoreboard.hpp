// SPDX-License-Identifier: MIT
// The scoreboard of a service: what every thread of every worker is doing and
// has done, in memory that the processes share.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "decant/gateway.hpp"
#include "decant/service/status/process_memory.hpp"

namespace decant::service {

/// The upper bounds of all but the last bucket of a histogram, which takes
/// whatever is above.
inline constexpr std::array<std::chrono::nanoseconds, 15> bucket_bounds = {
    std::chrono::microseconds(1000),   std::chrono::microseconds(2500),
    std::chrono::microseconds(5000),   std::chrono::microseconds(10'000),
    std::chrono::microseconds(25'000), std::chrono::microseconds(50'000),
    std::chrono::milliseconds(100),    std::chrono::milliseconds(250),
    std::chrono::milliseconds(500),    std::chrono::milliseconds(1000),
    std::chrono::milliseconds(2500),   std::chrono::seconds(5),
    std::chrono::seconds(10),          std::chrono::seconds(30),
    std::chrono::seconds(60)};

/// Durations, each counted in the first bucket whose bound it does not exceed.
template <class Cell>
struct HistogramOf {
  std::array<Cell, bucket_bounds.size() + 1> buckets{};
  Cell sum{};  ///< of all durations, in nanoseconds
};

/// What is counted of requests that have ended.
template <class Cell>
struct TrafficOf {
  Cell requests{};
  Cell errors{};          ///< answered 5xx, failed or cut short
  Cell client_gone{};     ///< the peer left before the end
  Cell bytes_received{};  ///< of request bodies
  Cell bytes_sent{};      ///< of response bodies
};

template <class Cell>
struct CountersOf : TrafficOf<Cell> {
  HistogramOf<Cell> taken;
  HistogramOf<Cell> waited;
};

using Histogram = HistogramOf<std::uint64_t>;
using Counters = CountersOf<std::uint64_t>;
/// Written by one thread, read by any process.
using SharedCounter = std::atomic<std::uint64_t>;
using SharedCounters = CountersOf<SharedCounter>;
using Traffic = TrafficOf<std::uint64_t>;
using SharedTraffic = TrafficOf<SharedCounter>;

/// What a worker process is about; a slot without a worker is `gone`.
enum class WorkerState : std::uint32_t { gone, starting, ready, draining };

/// "starting", "ready", ...
std::string_view name_of(WorkerState state) noexcept;

/// One worker process. All zero: nobody.
struct alignas(64) WorkerSlot {
  std::atomic<pid_t> pid;
  std::atomic<WorkerState> state;
  std::atomic<std::uint64_t> generation;
  std::atomic<std::int64_t> started;  ///< CLOCK_MONOTONIC, nanoseconds
  /// How often a worker in this slot was replaced because it had ended of
  /// itself. Stays when the worker is retired.
  std::atomic<std::uint64_t> restarts;
};

/// One thread of a worker. Only that thread calls begin() and end(); whoever
/// reads meanwhile gets numbers that are each right, and a line that may be
/// half of one request and half of the next.
class alignas(64) ThreadSlot {
 public:
  static constexpr std::size_t line_size = 256;

  SharedCounters counters;
  /// CLOCK_MONOTONIC (the steady clock) in nanoseconds when the request in
  /// flight began; 0 while there is none.
  std::atomic<std::int64_t> in_flight_since;

  /// A request begins. Keeps "METHOD TARGET", a longer one cut.
  void begin(std::string_view method, std::string_view target,
             std::chrono::steady_clock::time_point begun =
                 std::chrono::steady_clock::now(),
             int door = 0) noexcept;
  /// It has ended. `status` is 0 when no head was sent, `waited` the time
  /// between its arrival and begin(); `traffic` is its door's, or null.
  void end(int status, std::uint64_t bytes_received, std::uint64_t bytes_sent,
           std::chrono::nanoseconds taken, std::chrono::nanoseconds waited,
           Outcome outcome, SharedTraffic* traffic = nullptr) noexcept;
  /// By which door the request in flight, or the last one, came.
  int door() const noexcept;
  /// The line of the request in flight, or of the last one. Printable ASCII,
  /// whatever the writer does: other bytes are \xNN.
  std::string request_line() const;

 private:
  using Word = std::uint64_t;
  std::atomic<std::size_t> length_;
  std::atomic<int> door_;
  std::array<std::atomic<Word>, line_size / sizeof(Word)> line_;
};

/// A request that was in flight.
struct RequestInFlight {
  int thread = 0;
  std::chrono::nanoseconds age{};
  std::string line;
  int door = 0;  ///< its place among Snapshot::doors
};

struct WorkerSnapshot {
  int index = 0;
  pid_t pid = 0;
  WorkerState state = WorkerState::gone;
  std::uint64_t generation = 0;
  std::uint64_t restarts = 0;
  std::chrono::nanoseconds age{};
  Counters counters;
  std::vector<RequestInFlight> in_flight;
  /// Left out until measure_memory() is asked.
  std::optional<ProcessMemory> memory;
};

/// What came by one door.
struct DoorSnapshot {
  std::string name;  ///< as in the logs
  Traffic traffic;
};

/// The scoreboard at one moment, near enough: nobody stops for it.
struct Snapshot {
  std::chrono::system_clock::time_point started;  ///< of the service
  std::chrono::nanoseconds age{};                 ///< of the service
  int threads = 0;                                ///< of each worker
  std::uint64_t restarts = 0;
  Counters totals;  ///< of all workers, those that are gone included
  std::vector<DoorSnapshot> doors;
  std::vector<WorkerSnapshot> workers;
};

/// Reads the memory of each worker, which costs the kernel some time.
void measure_memory(Snapshot& snapshot);

/// Slots for at most `max_workers` processes of `threads` threads each, in one
/// anonymous shared mapping. Make it before the first fork. A slot that nobody
/// has used takes no memory.
class Scoreboard {
 public:
  /// Throws std::system_error when there is no memory for it.
  /// `spare` threads of each worker have a slot, but are not counted.
  Scoreboard(int max_workers, int threads, int spare = 0,
             std::vector<std::string> door_names = {""});
  Scoreboard(const Scoreboard&) = delete;
  Scoreboard& operator=(const Scoreboard&) = delete;
  ~Scoreboard();

  int max_workers() const noexcept { return max_workers_; }
  int threads() const noexcept { return threads_; }
  /// Slots of a worker.
  int thread_slots() const noexcept { return threads_ + spare_; }

  /// Indices begin at 0. The slots live as long as the scoreboard.
  WorkerSlot& worker(int index) noexcept;
  const WorkerSlot& worker(int index) const noexcept;
  ThreadSlot& thread(int worker, int thread) noexcept;
  const ThreadSlot& thread(int worker, int thread) const noexcept;

  const std::vector<std::string>& door_names() const noexcept {
    return door_names_;
  }
  /// Of a thread, for each door.
  std::span<SharedTraffic> traffic(int worker, int thread) const noexcept;

  /// Clears the slot of a worker that has ended, after its counters were added
  /// to those of the service. A request that died with it counts as an error.
  /// Only for the process that supervises, once the worker is reaped.
  void clear_worker(int worker) noexcept;

  /// For the process that supervises.
  Snapshot snapshot() const;

 private:
  struct Header;
  Header& header() const noexcept;
  std::byte* at(std::size_t offset) const noexcept;
  std::size_t workers_offset() const noexcept;
  std::size_t threads_offset() const noexcept;
  std::size_t traffic_offset() const noexcept;
  std::size_t size() const noexcept;
  /// What has ended, of workers that are gone.
  std::span<SharedTraffic> ended_traffic() const noexcept;

  int max_workers_;
  int threads_;
  int spare_;
  std::vector<std::string> door_names_;
  void* memory_;
};

}  // namespace decant::service
