// SPDX-License-Identifier: MIT
// The scoreboard for people: a table for a terminal.
#include <algorithm>
#include <array>

#include "decant/service/status/metrics.hpp"
#include "decant/service/status/metrics_parts.hpp"

namespace decant::service {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

/// One or two units: "12 ms", "3.2 s", "4 min 5 s", "2 d 3 h".
std::string rough(nanoseconds duration) {
  const auto one = [](auto number, const char* unit) {
    return std::to_string(number) + ' ' + unit;
  };
  const auto tenths = [&one](auto number, const char* unit) {
    return std::to_string(number / 10) + '.' + one(number % 10, unit);
  };
  if (duration < 1ms) return one(duration / 1us, "us");
  if (duration < 10ms) return tenths(duration / 100us, "ms");
  if (duration < 1s) return one(duration / 1ms, "ms");
  if (duration < 1min) return tenths(duration / 100ms, "s");
  if (duration < 1h) {
    return one(duration / 1min, "min ") + one(duration % 1min / 1s, "s");
  }
  if (duration < 24h) {
    return one(duration / 1h, "h ") + one(duration % 1h / 1min, "min");
  }
  return one(duration / 24h, "d ") + one(duration % 24h / 1h, "h");
}

/// "512 B", "12.3 MiB"
std::string rough_bytes(std::uint64_t bytes) {
  constexpr std::array units = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";
  std::size_t unit = 0;
  for (; bytes >= 1 << 20; bytes /= 1024) ++unit;
  return std::to_string(bytes / 1024) + '.' +
         std::to_string(bytes % 1024 * 10 / 1024) + ' ' + units.at(unit);
}

std::string plural(std::uint64_t number, std::string_view noun) {
  return std::to_string(number) + ' ' + std::string(noun) +
         (number == 1 ? "" : "s");
}

/// The bucket that holds the duration which `percent` do not exceed.
std::string percentile(const Histogram& histogram, std::uint64_t percent) {
  const std::uint64_t count = count_of(histogram);
  const std::uint64_t rank = (count * percent + 99) / 100;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < bucket_bounds.size(); ++i) {
    seen += histogram.buckets[i];
    if (seen >= rank) {
      return std::to_string(percent) + " % within " + rough(bucket_bounds[i]);
    }
  }
  return std::to_string(percent) + " % beyond " + rough(bucket_bounds.back());
}

std::string histogram_text(const Histogram& histogram) {
  const std::uint64_t count = count_of(histogram);
  if (count == 0) return "-";
  return "mean " + rough(sum_of(histogram) / static_cast<std::int64_t>(count)) +
         ", " + percentile(histogram, 50) + ", " + percentile(histogram, 90) +
         ", " + percentile(histogram, 99);
}

/// Columns as wide as they need to be, numbers to the right.
class Table {
 public:
  using Row = std::vector<std::string>;

  /// `words` are the columns that go to the left.
  Table(Row head, std::vector<std::size_t> words)
      : rows_{std::move(head)}, words_(std::move(words)) {}

  void add(Row row) { rows_.push_back(std::move(row)); }

  std::string text() const {
    std::vector<std::size_t> widths(rows_.front().size());
    for (const Row& row : rows_) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        widths[i] = std::max(widths[i], row[i].size());
      }
    }
    std::string out;
    for (const Row& row : rows_) out += line(row, widths);
    return out;
  }

 private:
  std::string line(const Row& row,
                   const std::vector<std::size_t>& widths) const {
    std::string out;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) out += "  ";
      const std::string blanks(widths[i] - row[i].size(), ' ');
      const bool word =
          std::find(words_.begin(), words_.end(), i) != words_.end();
      out += word ? row[i] + blanks : blanks + row[i];
    }
    out.erase(out.find_last_not_of(' ') + 1);
    return out += '\n';
  }

  std::vector<Row> rows_;
  std::vector<std::size_t> words_;
};

std::string workers_summary(const Snapshot& snapshot) {
  std::string out;
  for (const WorkerState state : worker_states) {
    const std::size_t count = count_of(snapshot, state);
    if (count == 0) continue;
    out += std::to_string(count) + ' ' + std::string(name_of(state)) + ", ";
  }
  return out + plural(snapshot.restarts, "restart");
}

std::string workers_table(const Snapshot& snapshot) {
  Table table({"WORKER", "PID", "STATE", "GENERATION", "UP", "BUSY", "REQUESTS",
               "ERRORS", "RESTARTS", "RESIDENT", "PRIVATE"},
              {2});
  const auto& workers = snapshot.workers;
  for (const WorkerSnapshot& it : workers) {
    const auto& memory = it.memory;
    table.add({std::to_string(it.index), std::to_string(it.pid),
               std::string(name_of(it.state)), std::to_string(it.generation),
               rough(it.age),
               std::to_string(it.in_flight.size()) + '/' +
                   std::to_string(snapshot.threads),
               std::to_string(it.counters.requests),
               std::to_string(it.counters.errors), std::to_string(it.restarts),
               memory ? rough_bytes(memory->resident) : "-",
               memory ? rough_bytes(memory->private_bytes) : "-"});
  }
  return table.text();
}

std::string doors_table(const Snapshot& snapshot) {
  Table table({"DOOR", "REQUESTS", "ERRORS", "GONE", "RECEIVED", "SENT"}, {0});
  for (const DoorSnapshot& door : snapshot.doors) {
    const Traffic& traffic = door.traffic;
    table.add(
        {door.name, std::to_string(traffic.requests),
         std::to_string(traffic.errors), std::to_string(traffic.client_gone),
         rough_bytes(traffic.bytes_received), rough_bytes(traffic.bytes_sent)});
  }
  return table.text();
}

std::string requests_table(const Snapshot& snapshot) {
  Table table({"WORKER", "THREAD", "FOR", "REQUEST"}, {3});
  for (const WorkerSnapshot& worker : snapshot.workers) {
    for (const RequestInFlight& request : worker.in_flight) {
      table.add({std::to_string(worker.index), std::to_string(request.thread),
                 rough(request.age), request.line});
    }
  }
  return table.text();
}

}  // namespace

std::string status_text(const Snapshot& snapshot) {
  const Counters& totals = snapshot.totals;
  std::string out = "decant " DECANT_VERSION ", up " + rough(snapshot.age) +
                    ", since " + start_text(snapshot) + '\n';
  const auto add = [&out](std::string_view name, const std::string& text) {
    out += name;
    out += text + '\n';
  };
  add("Workers   ", workers_summary(snapshot));
  add("Threads   ", std::to_string(busy_threads(snapshot)) + " busy of " +
                        std::to_string(all_threads(snapshot)));
  add("Requests  ", std::to_string(totals.requests) + ", " +
                        plural(totals.errors, "error") + ", " +
                        plural(totals.client_gone, "client") + " gone");
  add("Taken     ", histogram_text(totals.taken));
  add("Waited    ", histogram_text(totals.waited));
  add("Bodies    ", rough_bytes(totals.bytes_received) + " received, " +
                        rough_bytes(totals.bytes_sent) + " sent");
  out += '\n' + workers_table(snapshot);
  if (snapshot.doors.size() > 1) out += '\n' + doors_table(snapshot);
  if (busy_threads(snapshot) > 0) out += '\n' + requests_table(snapshot);
  return out;
}

}  // namespace decant::service
