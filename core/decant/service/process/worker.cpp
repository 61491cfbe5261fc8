// SPDX-License-Identifier: MIT
#include "decant/service/process/worker.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <utility>

#include "decant/error.hpp"
#include "decant/runtime.hpp"
#include "decant/service/log/log.hpp"
#include "decant/service/loop/deadline.hpp"
#include "decant/service/loop/forked_child.hpp"
#include "decant/service/loop/loop.hpp"
#include "decant/service/loop/signals.hpp"
#include "decant/service/process/idle_watch.hpp"
#include "decant/service/process/load_watch.hpp"
#include "decant/service/process/source_watch.hpp"
#include "decant/service/request/observer.hpp"
#include "decant/service/request/served_request.hpp"
#include "decant/service/request/terminal_log.hpp"
#include "decant/service/status/process_memory.hpp"

namespace decant::service {
namespace {

constexpr std::chrono::milliseconds usual_interval{1000};
/// Who edits a file and asks for it at once waits no longer than a second.
constexpr std::chrono::milliseconds edit_interval{250};

/// Keeps the place of one thread on the scoreboard.
class SlotObserver final : public Observer {
 public:
  SlotObserver(Scoreboard& board, int worker, int thread)
      : slot_(board.thread(worker, thread)),
        traffic_(board.traffic(worker, thread)) {}

  void begin(const RequestRecord& record) noexcept override {
    const auto [method, target] = normaliser::request_line(record.variables);
    slot_.begin(method, target, record.begun, record.arrival.door);
  }

  void end(const RequestRecord& record) noexcept override {
    slot_.end(record.status, record.bytes_received, record.bytes_sent,
              record.taken, record.waited, record.outcome,
              &traffic_[static_cast<std::size_t>(record.arrival.door)]);
  }

 private:
  ThreadSlot& slot_;
  std::span<SharedTraffic> traffic_;  // of each door
};

/// Counts down the requests that a process may serve.
class RequestLimit {
 public:
  explicit RequestLimit(const Options& options)
      : left_(static_cast<std::int64_t>(options.max_requests)) {
    if (options.max_requests_jitter == 0) return;
    std::random_device random;
    left_ +=
        static_cast<std::int64_t>(std::uniform_int_distribution<std::uint64_t>(
            0, options.max_requests_jitter)(random));
  }

  /// True for the request that was the last one.
  bool count() noexcept { return left_.fetch_sub(1) == 1; }

 private:
  std::atomic<std::int64_t> left_;
};

/// Takes the signals back after each request: a debugger that was left has
/// Ctrl-C lead to itself.
class SignalsObserver final : public Observer {
 public:
  explicit SignalsObserver(Signals& signals) : signals_(signals) {}
  void begin(const RequestRecord&) noexcept override {}
  void end(const RequestRecord&) noexcept override { signals_.serving(); }

 private:
  Signals& signals_;
};

class Worker {
 public:
  Worker(Shared& shared, const Seat& seat, Control& control)
      : shared_(shared),
        options_(shared.options),
        seat_(seat),
        control_(control),
        limit_(shared.options),
        idle_(shared.board, shared.options.idle_exit),
        observers_(static_cast<std::size_t>(
            shared.options.threads + spare_threads(shared.options.threads))) {}

  /// Serves in a process of the service's own, whose signals are `signals`.
  int run(Signals& signals, const Notifier* notifier);
  /// Serves in a process that has a life of its own.
  void run_hosted(bool once);

 private:
  class LimitObserver;

  bool is_supervised() const noexcept { return seat_.reports >= 0; }
  void report(Report::Kind kind) const noexcept {
    send({kind, seat_.slot, seat_.generation, ::getpid()}, seat_.reports);
  }
  /// It has served long enough: another one takes its place.
  void retire() noexcept {
    if (is_supervised()) {
      report(Report::Kind::tired);
    } else {
      control_.request_stop();
    }
  }
  void set_deadlines();
  std::unique_ptr<Observer> make_observer(int thread);
  const Limits& limits_of(const Door& door) const noexcept;
  std::vector<const Limits*> door_limits() const;
  Protocols make_protocols(int thread);
  void look_around();
  bool needs_clock() const noexcept;
  void look_at_memory();
  void serve(bool once, DoorsAtEnd at_end, const std::function<void()>& begin);

  Shared& shared_;
  const Options& options_;
  const Seat seat_;
  Control& control_;
  Signals* signals_ = nullptr;  // null: they are somebody else's
  const Notifier* notifier_ = nullptr;
  RequestLimit limit_;
  IdleWatch idle_;
  std::vector<std::unique_ptr<Observer>> observers_;  // of each thread
  SourceWatch sources_;
  bool retired_ = false;
};

class Worker::LimitObserver final : public Observer {
 public:
  explicit LimitObserver(Worker& worker) : worker_(worker) {}
  void begin(const RequestRecord&) noexcept override {}
  void end(const RequestRecord&) noexcept override {
    if (worker_.limit_.count()) worker_.retire();
  }

 private:
  Worker& worker_;
};

/// In a signal handler: a thread is lost.
void report_stuck(const void* context) noexcept {
  const auto& seat = *static_cast<const Seat*>(context);
  send({Report::Kind::stuck, seat.slot, seat.generation, ::getpid()},
       seat.reports);
}

void Worker::set_deadlines() {
  service::set_deadlines({.timeout = options_.limits.timeout,
                          .in_main_thread = options_.threads == 1,
                          .stuck = is_supervised() ? report_stuck : nullptr,
                          .context = &seat_});
}

std::unique_ptr<Observer> Worker::make_observer(int thread) {
  std::vector<std::unique_ptr<Observer>> observers;
  // Without a supervisor few look at the scoreboard.
  const bool is_watched = is_supervised() || options_.idle_exit.count() != 0;
  if (is_watched && shared_.board.thread_slots() > thread) {
    observers.push_back(
        std::make_unique<SlotObserver>(shared_.board, seat_.slot, thread));
  }
  if (shared_.access_log != nullptr) {
    observers.push_back(shared_.access_log->make_observer());
  }
  if (options_.max_requests != 0) {
    observers.push_back(std::make_unique<LimitObserver>(*this));
  }
  const bool may_be_debugged =
      options_.threads == 1 && ::isatty(STDIN_FILENO) == 1;
  if (may_be_debugged && signals_ != nullptr) {
    observers.push_back(std::make_unique<SignalsObserver>(*signals_));
  }
  if (options_.for_development) observers.push_back(make_terminal_log());
  if (shared_.make_observer) observers.push_back(shared_.make_observer());
  return together(std::move(observers));
}

const Limits& Worker::limits_of(const Door& door) const noexcept {
  return door.limits ? *door.limits : options_.limits;
}

std::vector<const Limits*> Worker::door_limits() const {
  std::vector<const Limits*> limits;
  for (const Door& door : shared_.doors) limits.push_back(&limits_of(door));
  return limits;
}

Protocols Worker::make_protocols(int thread) {
  // Lent to all of them.
  auto& observer = observers_[static_cast<std::size_t>(thread)];
  observer = make_observer(thread);
  Protocols protocols;
  for (std::size_t i = 0; i < shared_.doors.size(); ++i) {
    const Door& door = shared_.doors[i];
    const Served served{.application = shared_.application,
                        .rules = options_.rules,
                        .limits = limits_of(door),
                        .concurrency = {.multithread = options_.threads > 1,
                                        .multiprocess = shared_.processes > 1},
                        .door = static_cast<int>(i),
                        .door_name = shared_.board.door_names()[i],
                        .errors = shared_.errors};
    protocols.push_back(door.make_protocol(served, observer.get()));
  }
  return protocols;
}

bool Worker::needs_clock() const noexcept {
  if (options_.reload) return true;
  return !is_supervised() &&
         (options_.max_memory != 0 || options_.idle_exit.count() != 0 ||
          (notifier_ != nullptr && notifier_->interval().count() != 0));
}

void Worker::look_around() {
  if (options_.reload && sources_.changed()) report(Report::Kind::changed);
  if (is_supervised()) return;
  if (notifier_ != nullptr && notifier_->interval().count() != 0) {
    notifier_->alive();
  }
  look_at_memory();
  if (idle_.is_over()) control_.request_stop();
}

void Worker::look_at_memory() {
  if (options_.max_memory == 0 || retired_) return;
  const auto memory = read_process_memory(::getpid());
  if (!memory || memory->resident <= options_.max_memory) return;
  retired_ = true;
  log(LogLevel::info, "more memory than --max-memory allows: " +
                          std::to_string(memory->resident >> 20) + " MiB");
  retire();
}

/// `begin` is called once the loop is ready to serve.
void Worker::serve(bool once, DoorsAtEnd at_end,
                   const std::function<void()>& begin) {
  Loop loop(
      shared_.listeners, control_,
      {.socket = options_.socket,
       .limits = options_.limits,
       .door_limits = door_limits(),
       .threads = options_.threads,
       .takes_turns = runtime().one_at_a_time,
       .shares_listeners = shared_.processes > 1,
       .at_end = at_end,
       .lifeline = seat_.reports,
       .serves_once = once,
       .regularly =
           needs_clock() ? [this] { look_around(); } : std::function<void()>(),
       .interval = options_.for_development ? edit_interval : usual_interval});
  begin();
  loop.run([this](int thread) { return make_protocols(thread); });
}

int Worker::run(Signals& signals, const Notifier* notifier) {
  signals_ = &signals;
  notifier_ = notifier;
  auto& slot = shared_.board.worker(seat_.slot);
  slot.pid = ::getpid();
  if (!is_supervised()) {
    slot.started = Clock::now().time_since_epoch().count();
  }
  set_deadlines();
  if (!load(shared_)) return exit_not_loaded;
  if (options_.reload) sources_.start();
  keep_from_forks(seat_.reports);
  const auto at_end =
      is_supervised() ? DoorsAtEnd::close : DoorsAtEnd::withdraw;
  serve(false, at_end, [&] {
    // First: whoever reads that we serve may send a request, and TERM.
    signals.serving();
    slot.state = WorkerState::ready;
    if (is_supervised()) {
      report(Report::Kind::ready);
    } else {
      announce(shared_);
      if (notifier_ != nullptr) notifier_->ready();
    }
  });
  if (notifier_ != nullptr) notifier_->stopping();
  return 0;
}

void Worker::run_hosted(bool once) {
  serve(once, DoorsAtEnd::stay, [&] {
    if (!once) announce(shared_);
  });
}

std::vector<std::string> socket_files(const Shared& shared) {
  std::vector<std::string> files;
  for (const Listener& listener : shared.listeners) {
    if (!listener.file().empty()) files.push_back(listener.file());
  }
  return files;
}

}  // namespace

void send(const Report& report, int pipe) noexcept {
  [[maybe_unused]] const auto written = ::write(pipe, &report, sizeof report);
}

void announce(const Shared& shared) {
  if (shared.errors != nullptr) return shared.errors->remark(shared.banner);
  log(LogLevel::info, shared.banner);
  for (const std::string& line : shared.warnings) {
    log(LogLevel::warning, shared.name + ": " + line);
  }
}

bool load(Shared& shared) {
  if (shared.application) return true;
  try {
    const LoadWatch watch(shared.name, shared.options.load_timeout);
    shared.application = shared.load();
    return true;
  } catch (const std::exception& error) {
    log(LogLevel::error, error.what());
    return false;
  }
}

int work(Shared& shared, const Seat& seat, const Notifier* notifier) {
  const bool is_supervised = seat.reports >= 0;
  Signals signals({.files = is_supervised ? std::vector<std::string>()
                                          : socket_files(shared),
                   .grace = shared.options.limits.grace,
                   .is_worker = is_supervised,
                   .supervisor = shared.supervisor,
                   .interrupt_hurries = shared.options.for_development});
  return Worker(shared, seat, signals).run(signals, notifier);
}

void work_for(Shared& shared, Control& control, bool once) {
  Worker(shared, {}, control).run_hosted(once);
}

}  // namespace decant::service
