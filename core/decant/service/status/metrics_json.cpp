// SPDX-License-Identifier: MIT
// The scoreboard for scripts: JSON (RFC 8259).
#include "decant/service/status/metrics.hpp"
#include "decant/service/status/metrics_parts.hpp"

namespace decant::service {
namespace {

using std::chrono::nanoseconds;

/// A JSON string. A byte beyond ASCII is the character with its number.
std::string json_string(std::string_view text) {
  constexpr char hex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte >= 0x7F) {
      out += "\\u00";
      out += hex[byte >> 4];
      out += hex[byte & 15];
    } else {
      out += c;
    }
  }
  return out += '"';
}

/// Writes one JSON object; what it is given is JSON already.
class Object {
 public:
  Object& add(std::string_view name, std::string_view value) {
    text_ += text_.size() > 1 ? ",\"" : "\"";
    text_ += name;
    text_ += "\":";
    text_ += value;
    return *this;
  }
  Object& add(std::string_view name, std::uint64_t number) {
    return add(name, std::to_string(number));
  }
  Object& add(std::string_view name, nanoseconds duration) {
    return add(name, seconds_text(duration));
  }
  std::string finish() { return std::move(text_ += '}'); }

 private:
  std::string text_ = "{";
};

template <class Items, class Write>
std::string json_array(const Items& items, const Write& write) {
  std::string out = "[";
  for (const auto& item : items) {
    if (out.size() > 1) out += ',';
    out += write(item);
  }
  return out += ']';
}

std::string histogram_json(const Histogram& histogram) {
  Object within;
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < bucket_bounds.size(); ++i) {
    count += histogram.buckets[i];
    within.add(seconds_text(bucket_bounds[i]), count);
  }
  return Object()
      .add("count", count_of(histogram))
      .add("sum_seconds", sum_of(histogram))
      .add("within_seconds", within.finish())
      .finish();
}

Object& add_traffic(Object& object, const Traffic& traffic) {
  return object.add("requests", traffic.requests)
      .add("errors", traffic.errors)
      .add("client_gone", traffic.client_gone)
      .add("bytes_received", traffic.bytes_received)
      .add("bytes_sent", traffic.bytes_sent);
}

Object& add_counters(Object& object, const Counters& counters) {
  return add_traffic(object, counters)
      .add("taken", histogram_json(counters.taken))
      .add("waited", histogram_json(counters.waited));
}

std::string request_json(const RequestInFlight& request) {
  return Object()
      .add("thread", static_cast<std::uint64_t>(request.thread))
      .add("age_seconds", request.age)
      .add("door", static_cast<std::uint64_t>(request.door))
      .add("request", json_string(request.line))
      .finish();
}

std::string worker_json(const WorkerSnapshot& worker) {
  Object object;
  object.add("index", static_cast<std::uint64_t>(worker.index))
      .add("pid", std::to_string(worker.pid))
      .add("state", json_string(name_of(worker.state)))
      .add("generation", worker.generation)
      .add("restarts", worker.restarts)
      .add("uptime_seconds", worker.age);
  add_counters(object, worker.counters);
  if (worker.memory) {
    object.add("resident_bytes", worker.memory->resident)
        .add("private_bytes", worker.memory->private_bytes);
  }
  return object.add("in_flight", json_array(worker.in_flight, request_json))
      .finish();
}

std::string door_json(const DoorSnapshot& door) {
  Object object;
  object.add("door", json_string(door.name));
  return add_traffic(object, door.traffic).finish();
}

}  // namespace

std::string status_json(const Snapshot& snapshot) {
  Object totals;
  add_counters(totals, snapshot.totals);
  return Object()
             .add("version", json_string(DECANT_VERSION))
             .add("started", json_string(start_text(snapshot)))
             .add("uptime_seconds", snapshot.age)
             .add("threads", static_cast<std::uint64_t>(snapshot.threads))
             .add("busy", busy_threads(snapshot))
             .add("restarts", snapshot.restarts)
             .add("totals", totals.finish())
             .add("doors", json_array(snapshot.doors, door_json))
             .add("workers", json_array(snapshot.workers, worker_json))
             .finish() +
         '\n';
}

}  // namespace decant::service
