// SPDX-License-Identifier: MIT
#include "decant/service/status/metrics.hpp"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "support/catch.hpp"

namespace decant::service {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using std::chrono::nanoseconds;

Counters counters() {
  Counters it;
  it.requests = 10;
  it.errors = 1;
  it.client_gone = 2;
  it.bytes_received = 2048;
  it.bytes_sent = 3'500'000;
  it.taken.buckets[0] = 5;
  it.taken.buckets[1] = 4;
  it.taken.buckets[15] = 1;
  it.taken.sum = nanoseconds(61s + 14ms).count();
  it.waited.buckets[0] = 10;
  it.waited.sum = nanoseconds(1ms).count();
  return it;
}

Snapshot snapshot() {
  Snapshot it;
  it.started = std::chrono::system_clock::time_point(1'700'000'000s);
  it.age = 26h;
  it.threads = 4;
  it.restarts = 3;
  it.totals = counters();
  it.doors = {{"fcgi://unix:/run/a", {7, 1, 2, 2048, 3'000'000}},
              {"fcgi://unix:/run/\"b\\\n", {3, 0, 0, 0, 500'000}}};
  WorkerSnapshot& first = it.workers.emplace_back();
  first.index = 0;
  first.pid = 4711;
  first.state = WorkerState::ready;
  first.generation = 2;
  first.restarts = 3;
  first.age = 65s;
  first.counters = counters();
  first.in_flight.push_back({2, 3200ms, "GET /slow?q=\"a\"\\\x01\xE4"});
  first.memory = ProcessMemory{20 << 20, 512};
  WorkerSnapshot& second = it.workers.emplace_back();
  second.index = 5;
  second.pid = 4712;
  second.state = WorkerState::draining;
  second.generation = 1;
  second.age = 900us;
  return it;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// A reader of OpenMetrics 1.0 that takes only what the standard allows of
/// what decant uses; its sections are named.
class Exposition {
 public:
  struct Sample {
    std::string name;
    std::map<std::string, std::string> labels;
    double value = 0;
  };
  struct Family {
    std::string name, type, unit, help;
    std::vector<Sample> samples;
  };

  explicit Exposition(const std::string& text) {
    // "MUST end with # EOF", and each line with a line feed.
    REQUIRE(text.size() > 6);
    REQUIRE(text.ends_with("\n# EOF\n"));
    REQUIRE(text.find('\r') == std::string::npos);
    std::vector<std::string> lines = lines_of(text);
    lines.pop_back();
    for (const std::string& line : lines) {
      CAPTURE(line);
      REQUIRE_FALSE(line.empty());
      if (line[0] == '#') {
        descriptor(line);
      } else {
        sample(line);
      }
    }
    for (const Family& family : families_) {
      CAPTURE(family.name);
      check(family);
    }
  }

  const Family& family(const std::string& name) const {
    const auto found =
        std::find_if(families_.begin(), families_.end(),
                     [&](const Family& it) { return it.name == name; });
    REQUIRE(found != families_.end());
    return *found;
  }

  double value(const std::string& name,
               const std::map<std::string, std::string>& labels = {}) const {
    for (const Family& it : families_) {
      for (const Sample& sample : it.samples) {
        if (sample.name == name && sample.labels == labels) {
          return sample.value;
        }
      }
    }
    FAIL("there is no sample " << name);
    return 0;
  }

 private:
  void descriptor(const std::string& line) {
    static const std::regex form(
        "# (TYPE|UNIT|HELP) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)");
    std::smatch parts;
    REQUIRE(std::regex_match(line, parts, form));
    if (families_.empty() || families_.back().name != parts[2]) {
      // TYPE, UNIT, HELP in this order; families are not interleaved.
      REQUIRE(parts[1] == "TYPE");
      for (const Family& other : families_) REQUIRE(other.name != parts[2]);
      families_.push_back({parts[2], parts[3], "", "", {}});
      return;
    }
    Family& family = families_.back();
    REQUIRE(family.samples.empty());  // metadata before samples
    REQUIRE(family.help.empty());     // and each only once
    if (parts[1] == "UNIT") {
      REQUIRE(family.unit.empty());
      family.unit = parts[3];
    } else {
      REQUIRE(parts[1] == "HELP");
      family.help = parts[3];
      REQUIRE(family.help.find('\\') == std::string::npos);
    }
  }

  void sample(const std::string& line) {
    static const std::regex form(
        "([a-zA-Z_:][a-zA-Z0-9_:]*)"
        "(?:\\{((?:[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\\]|\\\\[\"\\\\])*\",?)*)"
        "\\})?"
        " ([0-9]+(?:\\.[0-9]+)?)");
    static const std::regex label(
        "([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\]|\\\\.)*)\"");
    std::smatch parts;
    REQUIRE(std::regex_match(line, parts, form));
    Sample it;
    it.name = parts[1];
    it.value = std::stod(parts[3]);
    const std::string labels = parts[2];
    for (std::sregex_iterator at(labels.begin(), labels.end(), label), end;
         at != end; ++at) {
      REQUIRE(it.labels.emplace((*at)[1], (*at)[2]).second);
    }
    REQUIRE(seen_.emplace(it.name, it.labels).second);  // no sample twice
    REQUIRE_FALSE(families_.empty());
    // A sample belongs to the family above it.
    REQUIRE(it.name.starts_with(families_.back().name));
    families_.back().samples.push_back(std::move(it));
  }

  void check(const Family& family) const {
    CHECK(family.name.starts_with("decant_"));
    CHECK_FALSE(family.help.empty());
    if (!family.unit.empty()) CHECK(family.name.ends_with("_" + family.unit));
    // "_total" and the like are of samples, never of families.
    for (const char* suffix :
         {"_total", "_created", "_bucket", "_count", "_sum", "_info"}) {
      CHECK_FALSE(family.name.ends_with(suffix));
      for (const Family& other : families_) {
        CHECK(other.name != family.name + suffix);
      }
    }
    if (family.type == "histogram") {
      check_histogram(family);
      return;
    }
    const std::map<std::string, std::string> suffixes{
        {"counter", "_total"}, {"gauge", ""}, {"info", "_info"}};
    REQUIRE(suffixes.contains(family.type));
    for (const Sample& it : family.samples) {
      CHECK(it.name == family.name + suffixes.at(family.type));
      if (family.type == "info") CHECK(it.value == 1);
    }
    if (family.type == "info") CHECK(family.unit.empty());
  }

  static void check_histogram(const Family& family) {
    REQUIRE(family.samples.size() >= 3);
    const std::size_t buckets = family.samples.size() - 2;
    double last_bound = 0;
    double last_count = 0;
    for (std::size_t i = 0; i < buckets; ++i) {
      const Sample& it = family.samples[i];
      CHECK(it.name == family.name + "_bucket");
      REQUIRE(it.labels.size() == 1);
      REQUIRE(it.labels.contains("le"));
      const std::string le = it.labels.at("le");
      if (i + 1 == buckets) {
        CHECK(le == "+Inf");
      } else {
        // Canonical numbers: with a point.
        CHECK(std::regex_match(le, std::regex("[0-9]+\\.[0-9]+")));
        CHECK(std::stod(le) > last_bound);
        last_bound = std::stod(le);
      }
      CHECK(it.value >= last_count);  // cumulative
      last_count = it.value;
    }
    CHECK(family.samples[buckets].name == family.name + "_count");
    CHECK(family.samples[buckets].value == last_count);
    CHECK(family.samples[buckets].labels.empty());
    CHECK(family.samples[buckets + 1].name == family.name + "_sum");
  }

  std::vector<Family> families_;
  std::set<std::pair<std::string, std::map<std::string, std::string>>> seen_;
};

/// Whether `text` is one JSON value and where it ends; RFC 8259.
class Json {
 public:
  static bool valid(std::string_view text) {
    Json json(text);
    return json.value() && (json.skip(), json.text_.empty());
  }

 private:
  explicit Json(std::string_view text) : text_(text) {}

  void skip() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\n')) {
      text_.remove_prefix(1);
    }
  }
  bool take(char c) {
    skip();
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool match(const char* form) {
    skip();
    std::cmatch parts;
    if (!std::regex_search(text_.begin(), text_.end(), parts, std::regex(form),
                           std::regex_constants::match_continuous)) {
      return false;
    }
    text_.remove_prefix(static_cast<std::size_t>(parts.length()));
    return true;
  }
  bool string() { return match(R"("([ !#-\[\]-~]|\\["\\]|\\u[0-9a-f]{4})*")"); }
  bool number() { return match("(0|[1-9][0-9]*)(\\.[0-9]+)?"); }
  bool members(char end, bool named) {
    if (take(end)) return true;
    do {
      if (named && !(string() && take(':'))) return false;
      if (!value()) return false;
    } while (take(','));
    return take(end);
  }
  bool value() {
    if (take('{')) return members('}', true);
    if (take('[')) return members(']', false);
    return string() || number();
  }

  std::string_view text_;
};

}  // namespace

TEST_CASE("Metrics are OpenMetrics 1.0") {
  const Exposition metrics(open_metrics(snapshot()));
  const std::map<std::string, std::string> a = {{"door", "fcgi://unix:/run/a"}};
  CHECK(metrics.value("decant_requests_total", a) == 7);
  CHECK(metrics.value("decant_request_errors_total", a) == 1);
  CHECK(metrics.value("decant_clients_gone_total", a) == 2);
  CHECK(metrics.value("decant_received_bytes_total", a) == 2048);
  CHECK(metrics.value("decant_sent_bytes_total", a) == 3'000'000);
  CHECK(metrics.value("decant_requests_total",
                      {{"door", R"(fcgi://unix:/run/\"b\\?)"}}) == 3);
  CHECK(metrics.value("decant_worker_restarts_total") == 3);
  CHECK(metrics.value("decant_workers", {{"state", "ready"}}) == 1);
  CHECK(metrics.value("decant_workers", {{"state", "starting"}}) == 0);
  CHECK(metrics.value("decant_workers", {{"state", "draining"}}) == 1);
  CHECK(metrics.value("decant_threads") == 8);
  CHECK(metrics.value("decant_threads_busy") == 1);
  CHECK(metrics.value("decant_oldest_request_age_seconds") == 3.2);
  CHECK(metrics.value("decant_start_time_seconds") == 1'700'000'000);
  CHECK(metrics.value("decant_build_info", {{"version", "0.1.0"}}) == 1);
  CHECK(metrics.value("decant_worker_resident_memory_bytes",
                      {{"worker", "0"}}) == 20 << 20);
  CHECK(metrics.value("decant_worker_private_memory_bytes",
                      {{"worker", "0"}}) == 512);
}

TEST_CASE("Histograms are cumulative, in seconds") {
  const Exposition metrics(open_metrics(snapshot()));
  const std::string name = "decant_request_duration_seconds";
  CHECK(metrics.family(name).type == "histogram");
  CHECK(metrics.family(name).unit == "seconds");
  CHECK(metrics.value(name + "_bucket", {{"le", "0.001"}}) == 5);
  CHECK(metrics.value(name + "_bucket", {{"le", "0.0025"}}) == 9);
  CHECK(metrics.value(name + "_bucket", {{"le", "1.0"}}) == 9);
  CHECK(metrics.value(name + "_bucket", {{"le", "60.0"}}) == 9);
  CHECK(metrics.value(name + "_bucket", {{"le", "+Inf"}}) == 10);
  CHECK(metrics.value(name + "_count") == 10);
  CHECK(metrics.value(name + "_sum") == 61.014);
  CHECK(metrics.value("decant_request_wait_seconds_count") == 10);
  CHECK(metrics.value("decant_request_wait_seconds_sum") == 0.001);
}

TEST_CASE("Metrics without a worker are well-formed") {
  const Exposition metrics(open_metrics({}));
  CHECK(metrics.family("decant_requests").samples.empty());
  CHECK(metrics.value("decant_threads") == 0);
  CHECK(metrics.family("decant_worker_resident_memory_bytes").samples.empty());
}

TEST_CASE("Metrics of a scoreboard in use are well-formed") {
  Scoreboard board(4, 2);
  board.worker(3).pid = ::getpid();
  board.worker(3).state = WorkerState::ready;
  board.thread(3, 1).begin("GET", "/\"\n\\");
  board.thread(3, 0).end(200, 1, 2, 123456789ns, 1ns, Outcome::complete,
                         &board.traffic(3, 0)[0]);
  Snapshot now = board.snapshot();
  measure_memory(now);
  const Exposition metrics(open_metrics(now));
  CHECK(metrics.value("decant_requests_total", {{"door", ""}}) == 1);
  CHECK(metrics.value("decant_request_duration_seconds_sum") == 0.123456789);
  CHECK(Json::valid(status_json(now)));
}

TEST_CASE("The status is one JSON object") {
  CHECK(Json::valid(status_json(snapshot())));
  CHECK(Json::valid(status_json({})));
  CHECK_FALSE(Json::valid("{\"a\":01}"));
  CHECK_FALSE(Json::valid("{\"a\":1,}"));
  CHECK_FALSE(Json::valid("{\"a\":\"\x01\"}"));
  CHECK_FALSE(Json::valid("{} {}"));
}

TEST_CASE("The status names the service, its totals and its workers") {
  const std::string json = status_json(snapshot());
  CHECK_THAT(json, Contains("{\"version\":\"0.1.0\","
                            "\"started\":\"2023-11-14T22:13:20Z\","
                            "\"uptime_seconds\":93600.0,\"threads\":4,"
                            "\"busy\":1,\"restarts\":3,\"totals\":{"
                            "\"requests\":10,\"errors\":1,\"client_gone\":2,"
                            "\"bytes_received\":2048,\"bytes_sent\":3500000,"
                            "\"taken\":{\"count\":10,\"sum_seconds\":61.014,"
                            "\"within_seconds\":{\"0.001\":5,\"0.0025\":9,"));
  CHECK_THAT(json, Contains("\"workers\":[{\"index\":0,\"pid\":4711,"
                            "\"state\":\"ready\",\"generation\":2,"
                            "\"restarts\":3,\"uptime_seconds\":65.0,"
                            "\"requests\":10,"));
  CHECK_THAT(json, Contains("\"resident_bytes\":20971520,"
                            "\"private_bytes\":512,\"in_flight\":["
                            "{\"thread\":2,\"age_seconds\":3.2,\"door\":0,"
                            "\"request\":"
                            "\"GET /slow?q=\\\"a\\\"\\\\\\u0001\\u00e4\"}]},"
                            "{\"index\":5,"));
  CHECK_THAT(json, Contains("\"doors\":[{\"door\":\"fcgi://unix:/run/a\","
                            "\"requests\":7,\"errors\":1,"));
  CHECK(json.ends_with("\"in_flight\":[]}]}\n"));
}

TEST_CASE("The table for a terminal") {
  Snapshot now = snapshot();
  now.workers[0].in_flight[0].line = "GET /slow";
  now.doors[1].name = "fcgi://127.0.0.1:9000";
  CHECK_THAT(status_text(now),
             Contains("DOOR                   REQUESTS  ERRORS  GONE  "
                      "RECEIVED       SENT\n"
                      "fcgi://unix:/run/a            7       1     2   "
                      "2.0 KiB    2.8 MiB\n"));
  now.doors.resize(1);
  CHECK(status_text(now) ==
        "decant 0.1.0, up 1 d 2 h, since 2023-11-14T22:13:20Z\n"
        "Workers   1 ready, 1 draining, 3 restarts\n"
        "Threads   1 busy of 8\n"
        "Requests  10, 1 error, 2 clients gone\n"
        "Taken     mean 6.1 s, 50 % within 1.0 ms, 90 % within 2.5 ms, "
        "99 % beyond 1 min 0 s\n"
        "Waited    mean 100 us, 50 % within 1.0 ms, 90 % within 1.0 ms, "
        "99 % within 1.0 ms\n"
        "Bodies    2.0 KiB received, 3.3 MiB sent\n"
        "\n"
        "WORKER   PID  STATE     GENERATION         UP  BUSY  REQUESTS  "
        "ERRORS  RESTARTS  RESIDENT  PRIVATE\n"
        "     0  4711  ready              2  1 min 5 s   1/4        10  "
        "     1         3  20.0 MiB    512 B\n"
        "     5  4712  draining           1     900 us   0/4         0  "
        "     0         0         -        -\n"
        "\n"
        "WORKER  THREAD    FOR  REQUEST\n"
        "     0       2  3.2 s  GET /slow\n");
}

TEST_CASE("The table of a service that has done nothing") {
  const std::string text = status_text({});
  CHECK_THAT(text, Contains("Workers   0 restarts\n"));
  CHECK_THAT(text, Contains("Requests  0, 0 errors, 0 clients gone\n"));
  CHECK_THAT(text, Contains("Taken     -\nWaited    -\n"));
  CHECK_THAT(text, !Contains("REQUEST\n"));
}

}  // namespace decant::service
