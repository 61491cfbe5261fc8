// SPDX-License-Identifier: MIT
// The scoreboard for Prometheus and its like: OpenMetrics 1.0.
#include "decant/service/status/metrics.hpp"

#include <algorithm>

#include "decant/service/status/metrics_parts.hpp"

namespace decant::service {
namespace {

using std::chrono::nanoseconds;

/// Writes metric families, each with its descriptors before its samples.
class Exposition {
 public:
  Exposition& family(std::string_view name, std::string_view type,
                     std::string_view unit, std::string_view help) {
    name_ = "decant_" + std::string(name);
    line("# TYPE ", name_, type);
    if (!unit.empty()) line("# UNIT ", name_, unit);
    line("# HELP ", name_, help);
    return *this;
  }

  Exposition& sample(std::string_view suffix, std::string_view labels,
                     std::string_view value) {
    text_ += name_;
    text_ += suffix;
    if (!labels.empty()) {
      text_ += '{';
      text_ += labels;
      text_ += '}';
    }
    text_ += ' ';
    text_ += value;
    text_ += '\n';
    return *this;
  }

  void counter(std::string_view name, std::string_view unit,
               std::string_view help, std::uint64_t value) {
    family(name, "counter", unit, help)
        .sample("_total", "", std::to_string(value));
  }

  void gauge(std::string_view name, std::string_view unit,
             std::string_view help, std::string_view value) {
    family(name, "gauge", unit, help).sample("", "", value);
  }

  void histogram(std::string_view name, std::string_view help,
                 const Histogram& histogram) {
    family(name, "histogram", "seconds", help);
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < histogram.buckets.size(); ++i) {
      count += histogram.buckets[i];
      const std::string bound =
          i < bucket_bounds.size() ? seconds_text(bucket_bounds[i]) : "+Inf";
      sample("_bucket", "le=\"" + bound + '"', std::to_string(count));
    }
    sample("_count", "", std::to_string(count));
    sample("_sum", "", seconds_text(sum_of(histogram)));
  }

  std::string finish() { return std::move(text_ += "# EOF\n"); }

 private:
  void line(std::string_view keyword, std::string_view name,
            std::string_view text) {
    text_ += keyword;
    text_ += name;
    text_ += ' ';
    text_ += text;
    text_ += '\n';
  }

  std::string name_;
  std::string text_;
};

std::string worker_label(const WorkerSnapshot& worker) {
  return "worker=\"" + std::to_string(worker.index) + '"';
}

void add_service(Exposition& out, const Snapshot& snapshot) {
  out.family("build", "info", "", "What serves.")
      .sample("_info", "version=\"" DECANT_VERSION "\"", "1");
  out.gauge("start_time_seconds", "seconds",
            "When the service started, since 1970-01-01 UTC.",
            seconds_text(snapshot.started.time_since_epoch()));
}

void add_workers(Exposition& out, const Snapshot& snapshot) {
  out.family("workers", "gauge", "", "Worker processes by their state.");
  for (const WorkerState state : worker_states) {
    out.sample("", "state=\"" + std::string(name_of(state)) + '"',
               std::to_string(count_of(snapshot, state)));
  }
  out.counter("worker_restarts", "",
              "Workers replaced because they had ended of themselves.",
              snapshot.restarts);
  out.gauge("threads", "", "Threads of all workers.",
            std::to_string(all_threads(snapshot)));
  out.gauge("threads_busy", "", "Threads that serve a request.",
            std::to_string(busy_threads(snapshot)));
  nanoseconds oldest{0};
  for (const WorkerSnapshot& worker : snapshot.workers) {
    for (const RequestInFlight& request : worker.in_flight) {
      oldest = std::max(oldest, request.age);
    }
  }
  out.gauge("oldest_request_age_seconds", "seconds",
            "Age of the oldest request in flight, 0 without any.",
            seconds_text(oldest));
}

std::string door_label(const DoorSnapshot& door) {
  std::string label = "door=\"";
  for (const char c : door.name) {
    if (c == '"' || c == '\\') label += '\\';
    label += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  }
  return label + '"';
}

void add_traffic(Exposition& out, const Snapshot& snapshot) {
  const auto family = [&](std::string_view name, std::string_view unit,
                          std::string_view help,
                          std::uint64_t Traffic::*member) {
    out.family(name, "counter", unit, help);
    for (const DoorSnapshot& door : snapshot.doors) {
      out.sample("_total", door_label(door),
                 std::to_string(door.traffic.*member));
    }
  };
  family("requests", "", "Requests that have ended.", &Traffic::requests);
  family("request_errors", "", "Requests answered 5xx, failed or cut short.",
         &Traffic::errors);
  family("clients_gone", "",
         "Requests whose peer left before the end of the response.",
         &Traffic::client_gone);
  family("received_bytes", "bytes", "Bytes of request bodies.",
         &Traffic::bytes_received);
  family("sent_bytes", "bytes", "Bytes of response bodies.",
         &Traffic::bytes_sent);
}

void add_durations(Exposition& out, const Counters& totals) {
  out.histogram("request_duration_seconds",
                "Time from the call of the application to the end of the "
                "response.",
                totals.taken);
  out.histogram("request_wait_seconds",
                "Time between the arrival of a request and the call.",
                totals.waited);
}

void add_memory(Exposition& out, const Snapshot& snapshot) {
  const auto family = [&](std::string_view name, std::string_view help,
                          std::uint64_t ProcessMemory::*member) {
    out.family(name, "gauge", "bytes", help);
    for (const WorkerSnapshot& worker : snapshot.workers) {
      if (!worker.memory) continue;
      out.sample("", worker_label(worker),
                 std::to_string((*worker.memory).*member));
    }
  };
  family("worker_resident_memory_bytes",
         "Memory of a worker in RAM, shared parts included.",
         &ProcessMemory::resident);
  family("worker_private_memory_bytes",
         "Memory of a worker in RAM that no other process maps.",
         &ProcessMemory::private_bytes);
}

}  // namespace

std::string open_metrics(const Snapshot& snapshot) {
  Exposition out;
  add_service(out, snapshot);
  add_workers(out, snapshot);
  add_traffic(out, snapshot);
  add_durations(out, snapshot.totals);
  add_memory(out, snapshot);
  return out.finish();
}

}  // namespace decant::service
