// SPDX-License-Identifier: MIT
#include "decant/service/status/scoreboard.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <type_traits>
#include <utility>

namespace decant::service {
namespace {

using std::chrono::nanoseconds;
using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC

constexpr auto relaxed = std::memory_order_relaxed;

// The mapping comes as zeros from the kernel and is used without a
// constructor, so that a slot which nobody uses is never touched. A lock in an
// atomic would not work between processes.
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
static_assert(std::atomic<std::int64_t>::is_always_lock_free);
static_assert(std::atomic<pid_t>::is_always_lock_free);
static_assert(std::atomic<WorkerState>::is_always_lock_free);
static_assert(std::is_trivially_destructible_v<WorkerSlot>);
static_assert(std::is_trivially_destructible_v<ThreadSlot>);

std::int64_t now() noexcept {
  return nanoseconds(Clock::now().time_since_epoch()).count();
}

/// Time since a moment that another process wrote.
nanoseconds age_of(std::int64_t moment, std::int64_t at) noexcept {
  return nanoseconds(moment > 0 ? std::max<std::int64_t>(at - moment, 0) : 0);
}

/// There is one writer, so that no locked instruction is needed.
void add(SharedCounter& counter, std::uint64_t amount) noexcept {
  counter.store(counter.load(relaxed) + amount, relaxed);
}

void add(std::uint64_t& counter, const SharedCounter& amount) noexcept {
  counter += amount.load(relaxed);
}

void add(SharedCounter& counter, const SharedCounter& amount) noexcept {
  add(counter, amount.load(relaxed));
}

template <class To, class From>
void add(HistogramOf<To>& to, const HistogramOf<From>& from) noexcept {
  for (std::size_t i = 0; i < to.buckets.size(); ++i) {
    add(to.buckets[i], from.buckets[i]);
  }
  add(to.sum, from.sum);
}

template <class To, class From>
void add(TrafficOf<To>& to, const TrafficOf<From>& from) noexcept {
  add(to.requests, from.requests);
  add(to.errors, from.errors);
  add(to.client_gone, from.client_gone);
  add(to.bytes_received, from.bytes_received);
  add(to.bytes_sent, from.bytes_sent);
}

template <class To, class From>
void add(CountersOf<To>& to, const CountersOf<From>& from) noexcept {
  add(static_cast<TrafficOf<To>&>(to),
      static_cast<const TrafficOf<From>&>(from));
  add(to.taken, from.taken);
  add(to.waited, from.waited);
}

void record(HistogramOf<SharedCounter>& histogram,
            nanoseconds duration) noexcept {
  const auto bucket =
      std::lower_bound(bucket_bounds.begin(), bucket_bounds.end(), duration) -
      bucket_bounds.begin();
  add(histogram.buckets[static_cast<std::size_t>(bucket)], 1);
  add(histogram.sum, static_cast<std::uint64_t>(
                         std::max<nanoseconds::rep>(duration.count(), 0)));
}

void clear(HistogramOf<SharedCounter>& histogram) noexcept {
  for (SharedCounter& bucket : histogram.buckets) bucket.store(0, relaxed);
  histogram.sum.store(0, relaxed);
}

void clear(SharedTraffic& counters) noexcept {
  counters.requests.store(0, relaxed);
  counters.errors.store(0, relaxed);
  counters.client_gone.store(0, relaxed);
  counters.bytes_received.store(0, relaxed);
  counters.bytes_sent.store(0, relaxed);
}

void clear(SharedCounters& counters) noexcept {
  clear(static_cast<SharedTraffic&>(counters));
  clear(counters.taken);
  clear(counters.waited);
}

bool is_printable(char c) noexcept {
  return c >= ' ' && c <= '~';
}

/// Bytes beyond printable ASCII as \xNN.
void append_printable(std::string& out, std::string_view text) {
  constexpr char hex[] = "0123456789abcdef";
  for (const char c : text) {
    if (is_printable(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.append("\\x").append({hex[byte >> 4], hex[byte & 15]});
  }
}

constexpr std::size_t aligned(std::size_t size) noexcept {
  return (size + 63) / 64 * 64;
}

}  // namespace

std::string_view name_of(WorkerState state) noexcept {
  switch (state) {
    case WorkerState::starting:
      return "starting";
    case WorkerState::ready:
      return "ready";
    case WorkerState::draining:
      return "draining";
    case WorkerState::gone:
      break;
  }
  return "gone";
}

void ThreadSlot::begin(std::string_view method, std::string_view target,
                       std::chrono::steady_clock::time_point begun,
                       int door) noexcept {
  constexpr std::string_view dots = "...";
  std::array<char, line_size> line;
  std::size_t length = 0;
  bool cut = false;
  // As it is: who reads it escapes, and few do.
  for (const std::string_view part : {method, std::string_view(" "), target}) {
    const std::size_t room = line_size - 1 - dots.size() - length;
    cut = cut || part.size() > room;
    length += part.copy(line.data() + length, room);
  }
  if (cut) length += dots.copy(line.data() + length, dots.size());
  std::memset(line.data() + length, 0,
              std::min(sizeof(Word), line_size - length));
  for (std::size_t at = 0; at < length; at += sizeof(Word)) {
    Word word = 0;
    std::memcpy(&word, line.data() + at, sizeof word);
    line_[at / sizeof word].store(word, relaxed);
  }
  length_.store(length, relaxed);
  door_.store(door, relaxed);
  in_flight_since.store(begun.time_since_epoch().count(),
                        std::memory_order_release);
}

void ThreadSlot::end(int status, std::uint64_t bytes_received,
                     std::uint64_t bytes_sent, nanoseconds taken,
                     nanoseconds waited, Outcome outcome,
                     SharedTraffic* traffic) noexcept {
  // First, so that a request is not counted twice when the process is killed
  // here.
  in_flight_since.store(0, std::memory_order_release);
  const bool failed = outcome == Outcome::failed ||
                      outcome == Outcome::cut_short || status >= 500;
  for (SharedTraffic* const of :
       {static_cast<SharedTraffic*>(&counters), traffic}) {
    if (of == nullptr) continue;
    add(of->requests, 1);
    if (failed) add(of->errors, 1);
    if (outcome == Outcome::client_gone) add(of->client_gone, 1);
    add(of->bytes_received, bytes_received);
    add(of->bytes_sent, bytes_sent);
  }
  record(counters.taken, taken);
  record(counters.waited, waited);
}

int ThreadSlot::door() const noexcept {
  return door_.load(relaxed);
}

std::string ThreadSlot::request_line() const {
  std::array<char, line_size> text{};
  for (std::size_t i = 0; i < line_.size(); ++i) {
    const Word word = line_[i].load(relaxed);
    std::memcpy(text.data() + i * sizeof word, &word, sizeof word);
  }
  std::string line;
  // The memory belongs to the application too.
  const std::size_t length = std::min(length_.load(relaxed), text.size());
  append_printable(line, {text.data(), length});
  return line;
}

struct Scoreboard::Header {
  std::atomic<std::int64_t> started;
  std::atomic<std::int64_t> started_wall;  // CLOCK_REALTIME, nanoseconds
  SharedCounters ended;
};

Scoreboard::Scoreboard(int max_workers, int threads, int spare,
                       std::vector<std::string> door_names)
    : max_workers_(max_workers),
      threads_(threads),
      spare_(spare),
      door_names_(std::move(door_names)),
      memory_(::mmap(nullptr, size(), PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
  if (memory_ == MAP_FAILED) {
    throw std::system_error(errno, std::generic_category(),
                            "service: no memory for the scoreboard");
  }
  header().started.store(now(), relaxed);
  const nanoseconds wall = std::chrono::system_clock::now().time_since_epoch();
  header().started_wall.store(wall.count(), relaxed);
}

Scoreboard::~Scoreboard() {
  ::munmap(memory_, size());
}

std::byte* Scoreboard::at(std::size_t offset) const noexcept {
  return static_cast<std::byte*>(memory_) + offset;
}

// The header, the traffic of what has ended, the workers, their threads, and
// the traffic of each thread.
std::size_t Scoreboard::workers_offset() const noexcept {
  return aligned(sizeof(Header)) +
         aligned(door_names_.size() * sizeof(SharedTraffic));
}

std::size_t Scoreboard::threads_offset() const noexcept {
  return workers_offset() +
         static_cast<std::size_t>(max_workers_) * sizeof(WorkerSlot);
}

std::size_t Scoreboard::traffic_offset() const noexcept {
  return threads_offset() + static_cast<std::size_t>(max_workers_) *
                                static_cast<std::size_t>(thread_slots()) *
                                sizeof(ThreadSlot);
}

std::size_t Scoreboard::size() const noexcept {
  // A thread's lie on cache lines of their own.
  return traffic_offset() +
         static_cast<std::size_t>(max_workers_) *
             static_cast<std::size_t>(thread_slots()) *
             aligned(door_names_.size() * sizeof(SharedTraffic));
}

Scoreboard::Header& Scoreboard::header() const noexcept {
  return *reinterpret_cast<Header*>(at(0));
}

std::span<SharedTraffic> Scoreboard::ended_traffic() const noexcept {
  return {reinterpret_cast<SharedTraffic*>(at(aligned(sizeof(Header)))),
          door_names_.size()};
}

const WorkerSlot& Scoreboard::worker(int index) const noexcept {
  return reinterpret_cast<const WorkerSlot*>(at(workers_offset()))[index];
}

WorkerSlot& Scoreboard::worker(int index) noexcept {
  return const_cast<WorkerSlot&>(std::as_const(*this).worker(index));
}

const ThreadSlot& Scoreboard::thread(int worker, int thread) const noexcept {
  return reinterpret_cast<const ThreadSlot*>(
      at(threads_offset()))[worker * thread_slots() + thread];
}

ThreadSlot& Scoreboard::thread(int worker, int thread) noexcept {
  return const_cast<ThreadSlot&>(std::as_const(*this).thread(worker, thread));
}

std::span<SharedTraffic> Scoreboard::traffic(int worker,
                                             int thread) const noexcept {
  const std::size_t one = aligned(door_names_.size() * sizeof(SharedTraffic));
  const auto index = static_cast<std::size_t>(worker) *
                         static_cast<std::size_t>(thread_slots()) +
                     static_cast<std::size_t>(thread);
  return {reinterpret_cast<SharedTraffic*>(at(traffic_offset() + index * one)),
          door_names_.size()};
}

void Scoreboard::clear_worker(int index) noexcept {
  WorkerSlot& slot = worker(index);
  if (slot.pid.load(relaxed) == 0) return;
  for (int i = 0; i < thread_slots(); ++i) {
    ThreadSlot& it = thread(index, i);
    const std::span<SharedTraffic> by_door = traffic(index, i);
    if (const std::int64_t since = it.in_flight_since.load(relaxed)) {
      // The memory belongs to the application too.
      const auto door = static_cast<std::size_t>(it.door());
      it.end(0, 0, 0, age_of(since, now()), nanoseconds(0), Outcome::failed,
             door < by_door.size() ? &by_door[door] : nullptr);
    }
    add(header().ended, it.counters);
    clear(it.counters);
    for (std::size_t door = 0; door < by_door.size(); ++door) {
      add(ended_traffic()[door], by_door[door]);
      clear(by_door[door]);
    }
  }
  slot.state.store(WorkerState::gone, relaxed);
  slot.generation.store(0, relaxed);
  slot.started.store(0, relaxed);
  slot.pid.store(0, relaxed);
}

Snapshot Scoreboard::snapshot() const {
  const std::int64_t at = now();
  Snapshot snapshot;
  snapshot.started = std::chrono::system_clock::time_point(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(
          nanoseconds(header().started_wall.load(relaxed))));
  snapshot.age = age_of(header().started.load(relaxed), at);
  snapshot.threads = threads_;
  add(snapshot.totals, header().ended);
  for (std::size_t door = 0; door < door_names_.size(); ++door) {
    add(snapshot.doors.emplace_back(DoorSnapshot{door_names_[door], {}})
            .traffic,
        ended_traffic()[door]);
  }
  for (int index = 0; index < max_workers_; ++index) {
    const WorkerSlot& slot = worker(index);
    snapshot.restarts += slot.restarts.load(relaxed);
    const pid_t pid = slot.pid.load(relaxed);
    // To read a page of the mapping is to take memory for it.
    if (pid == 0) continue;
    WorkerSnapshot& it = snapshot.workers.emplace_back();
    it.index = index;
    it.pid = pid;
    it.state = slot.state.load(relaxed);
    it.generation = slot.generation.load(relaxed);
    it.restarts = slot.restarts.load(relaxed);
    it.age = age_of(slot.started.load(relaxed), at);
    for (int i = 0; i < thread_slots(); ++i) {
      const ThreadSlot& from = thread(index, i);
      add(it.counters, from.counters);
      add(snapshot.totals, from.counters);
      for (std::size_t door = 0; door < door_names_.size(); ++door) {
        add(snapshot.doors[door].traffic, traffic(index, i)[door]);
      }
      const auto since = from.in_flight_since.load(std::memory_order_acquire);
      if (since == 0) continue;
      it.in_flight.push_back(
          {i, age_of(since, at), from.request_line(), from.door()});
    }
  }
  return snapshot;
}

void measure_memory(Snapshot& snapshot) {
  for (WorkerSnapshot& worker : snapshot.workers) {
    worker.memory = read_process_memory(worker.pid);
  }
}

}  // namespace decant::service
