// SPDX-License-Identifier: MIT
#include "decant/service/request/observer.hpp"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "decant/service/loop/deadline.hpp"
#include "decant/service/loop/forked_child.hpp"

namespace decant::service {
namespace {

std::atomic<std::uint64_t> last_id;

/// A process that was forked begins to count anew.
void begin_ids() noexcept {
  last_id = static_cast<std::uint64_t>(::getpid()) << request_count_bits;
}

/// Counts what an application reads.
class CountingSource final : public InputSource {
 public:
  CountingSource(InputSource& source, std::uint64_t& bytes) noexcept
      : source_(source), bytes_(bytes) {}

  void prepare(std::optional<std::uint64_t> length) override {
    source_.prepare(length);
  }
  bool ready() override { return source_.ready(); }
  int descriptor() const noexcept override { return source_.descriptor(); }

  std::size_t read(std::span<char> buffer) override {
    const std::size_t got = source_.read(buffer);
    bytes_ += got;
    return got;
  }

 private:
  InputSource& source_;
  std::uint64_t& bytes_;
};

/// Takes down the status, and counts what the web server has taken.
class CountingOutput final : public Output {
 public:
  CountingOutput(Output& output, RequestRecord& record) noexcept
      : output_(output), record_(record) {}

  void start(const ResponseHead& head, std::string_view chunk,
             bool last) override {
    output_.start(head, chunk, last);
    record_.status = head.status.code();
    record_.bytes_sent += chunk.size();
  }

  void send(std::string_view chunk, bool last) override {
    output_.send(chunk, last);
    record_.bytes_sent += chunk.size();
  }

  bool sends_files() const noexcept override { return output_.sends_files(); }
  std::uint64_t send_file(const detail::FileSpan& file, bool last) override {
    const std::uint64_t sent = output_.send_file(file, last);
    record_.bytes_sent += sent;
    return sent;
  }
  int connection() const noexcept override { return output_.connection(); }
  bool client_gone() override { return output_.client_gone(); }
  void exit_status(int status) noexcept override {
    output_.exit_status(status);
  }

 private:
  Output& output_;
  RequestRecord& record_;
};

/// The time between begin() and end(). The destructor, so that no begin() is
/// left without its end().
class Observation {
 public:
  Observation(Observer& observer, const Variables& variables,
              const Arrival& arrival)
      : observer_(observer),
        record_{.id = next_request_id(),
                .variables = variables,
                .arrival = arrival,
                .begun = RequestRecord::Clock::now()} {
    if (arrival.time.time_since_epoch().count() != 0) {
      record_.waited = record_.begun - arrival.time;
    }
    observer_.begin(record_);
  }
  Observation(const Observation&) = delete;
  Observation& operator=(const Observation&) = delete;
  ~Observation() {
    if (is_forked_child()) return;
    record_.taken = RequestRecord::Clock::now() - record_.begun;
    observer_.end(record_);
  }

  RequestRecord& record() noexcept { return record_; }

 private:
  Observer& observer_;
  RequestRecord record_;
};

}  // namespace

void Observers::begin(const RequestRecord& record) noexcept {
  for (const auto& observer : observers_) observer->begin(record);
}

void Observers::end(const RequestRecord& record) noexcept {
  for (const auto& observer : observers_) observer->end(record);
}

bool Observers::shows_ids() const noexcept {
  return std::any_of(
      observers_.begin(), observers_.end(),
      [](const auto& observer) { return observer->shows_ids(); });
}

std::unique_ptr<Observer> together(
    std::vector<std::unique_ptr<Observer>> observers) {
  std::erase(observers, nullptr);
  if (observers.empty()) return nullptr;
  if (observers.size() == 1) return std::move(observers.front());
  auto all = std::make_unique<Observers>();
  for (auto& observer : observers) all->add(std::move(observer));
  return all;
}

std::uint64_t next_request_id() noexcept {
  static const bool begun = [] {
    begin_ids();
    return ::pthread_atfork(nullptr, nullptr, begin_ids) == 0;
  }();
  static_cast<void>(begun);
  return last_id.fetch_add(1, std::memory_order_relaxed) + 1;
}

Outcome run_observed(const Exchange& exchange, const Application& application,
                     Observer* observer, const Arrival& arrival) {
  if (observer == nullptr) return gateway::run(exchange, application);
  Observation observation(*observer, exchange.variables, arrival);
  RequestRecord& record = observation.record();
  CountingSource input(exchange.input, record.bytes_received);
  CountingOutput output(exchange.output, record);
  record.outcome = gateway::run({.variables = exchange.variables,
                                 .input = input,
                                 .output = output,
                                 .errors = exchange.errors,
                                 .rules = exchange.rules,
                                 .framing = exchange.framing,
                                 .paths = exchange.paths,
                                 .concurrency = exchange.concurrency,
                                 .id = observer->shows_ids() ? record.id : 0},
                                application);
  if (request_timed_out()) {
    record.status = 504;
    record.outcome = Outcome::failed;
  }
  return record.outcome;
}

void observe_refusal(Observer* observer, const Variables& variables, int status,
                     const Arrival& arrival) {
  if (observer == nullptr) return;
  Observation observation(*observer, variables, arrival);
  observation.record().status = status;
  observation.record().outcome = Outcome::refused;
}

}  // namespace decant::service
