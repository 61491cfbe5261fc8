// SPDX-License-Identifier: MIT
#include "decant/service/supervisor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "decant/broken_pipe.hpp"
#include "decant/error.hpp"
#include "decant/fork.hpp"
#include "decant/runtime.hpp"
#include "decant/service/log.hpp"
#include "decant/service/process_memory.hpp"

namespace decant::service {
namespace {

using namespace std::chrono_literals;

constexpr int most_failed_starts = 5;
/// Beyond the grace of a worker, which keeps to it by itself.
constexpr auto patience = 2s;
/// A worker that lived so long has not died of how it was started.
constexpr auto good_age = 5s;
constexpr auto longest_pause = 500ms;
constexpr auto look_interval = 200ms;

constexpr std::array heeded_signals = {SIGTERM, SIGINT,  SIGQUIT, SIGHUP,
                                       SIGUSR1, SIGTTIN, SIGTTOU, SIGCHLD};

sigset_t heeded() noexcept {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : heeded_signals) sigaddset(&set, signal);
  return set;
}

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// "exited with status 1", "was killed by SIGSEGV (Segmentation fault)".
std::string describe(int status) {
  if (WIFEXITED(status)) {
    return "exited with status " + std::to_string(WEXITSTATUS(status));
  }
  const int signal = WTERMSIG(status);
  const char* const name = ::sigabbrev_np(signal);
  const char* const text = ::sigdescr_np(signal);
  return "was killed by " +
         (name != nullptr ? "SIG" + std::string(name)
                          : "signal " + std::to_string(signal)) +
         (text != nullptr ? " (" + std::string(text) + ")" : "");
}

std::string seconds(std::chrono::steady_clock::duration duration) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f s",
                std::chrono::duration<double>(duration).count());
  return text.data();
}

/// Doubles with each time that something went wrong.
std::chrono::milliseconds pause_after(int failures) {
  return std::min<std::chrono::milliseconds>(
      longest_pause, 50ms * (1 << std::min(failures, 8)));
}

}  // namespace

Supervisor::Supervisor(Setting& setting, const Notifier& notifier)
    : setting_(setting),
      options_(setting.options),
      notifier_(notifier),
      target_(setting.processes),
      idle_(setting.board, setting.options.idle_exit) {
  setting_.supervisor = ::getpid();
  open_channels();
  if (!options_.status.empty()) {
    status_server_.emplace(
        open(Endpoint::parse(options_.status), options_.socket),
        options_.socket, [this] { return setting_.board.snapshot(); });
  }
}

void Supervisor::open_channels() {
  const sigset_t set = heeded();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  survive_broken_pipes();
  take_no_notice_of(SIGUSR2);
  signals_.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_) fail("signalfd");
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) fail("pipe2");
  reports_read_.reset(ends[0]);
  reports_write_.reset(ends[1]);
  if (options_.preload) ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

int Supervisor::run() {
  for (;;) {
    adjust();
    if (stopping_ && children_.empty()) break;
    wait();
    read_signals();
    read_reports();
    reap();
    if (notifier_.interval().count() != 0 && Clock::now() >= next_alive_) {
      notifier_.alive();
      next_alive_ = Clock::now() + notifier_.interval();
    }
    if (Clock::now() >= next_look_) {
      next_look_ = Clock::now() + look_interval;
      look_after_children();
      look_for_idleness();
    }
    if (status_server_) status_server_->work();
  }
  return exit_status_;
}

void Supervisor::wait() {
  std::array<pollfd, 3> fds = {{{signals_.get(), POLLIN, 0},
                                {reports_read_.get(), POLLIN, 0},
                                {-1, POLLIN, 0}}};
  if (status_server_) fds[2].fd = status_server_->descriptor();
  if (::poll(fds.data(), fds.size(), timeout()) < 0 && errno != EINTR) {
    fail("poll");
  }
  for (const pollfd& fd : fds) {
    if ((fd.revents & (POLLERR | POLLNVAL)) == 0) continue;
    // It would be reported for ever.
    throw Error(setting_.name + ": a descriptor of the supervisor is broken");
  }
}

bool Supervisor::needs_clock() const {
  if (options_.max_memory != 0 || options_.idle_exit.count() != 0) return true;
  if (generation_ != proven_ || Clock::now() < next_start_) {
    return true;
  }
  return std::any_of(children_.begin(), children_.end(), [](const Child& c) {
    return !c.ready || c.tired || c.stuck || c.leaving;
  });
}

int Supervisor::timeout() const {
  std::chrono::milliseconds time = -1ms;
  if (needs_clock()) time = look_interval;
  if (next_start_ > Clock::now()) {
    time = std::min(time, std::chrono::ceil<std::chrono::milliseconds>(
                              next_start_ - Clock::now()));
  }
  if (notifier_.interval().count() != 0 &&
      (time < 0ms || notifier_.interval() < time)) {
    time = notifier_.interval();
  }
  return static_cast<int>(time.count());
}

void Supervisor::read_signals() {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) ==
         static_cast<ssize_t>(sizeof info)) {
    heed(static_cast<int>(info.ssi_signo));
  }
}

void Supervisor::heed(int signal) {
  switch (signal) {
    case SIGTERM:
    case SIGINT:
      if (stopping_) {
        stop_now();
      } else {
        log(LogLevel::info, setting_.name + ": stopping");
        stop(0);
      }
      break;
    case SIGQUIT:
      stop(0);
      stop_now();
      break;
    case SIGHUP:
      reload();
      break;
    case SIGUSR1:
      reopen_logs();
      signal_all(SIGUSR1);
      break;
    case SIGTTIN:
      target_ = std::min(target_ + 1, setting_.board.max_workers() / 2);
      break;
    case SIGTTOU:
      target_ = std::max(target_ - 1, 1);
      break;
    default:
      break;  // a child has ended: reap() looks
  }
}

void Supervisor::read_reports() {
  Report report{};
  while (::read(reports_read_.get(), &report, sizeof report) ==
         static_cast<ssize_t>(sizeof report)) {
    heed(report);
  }
}

void Supervisor::heed(const Report& report) {
  if (report.slot < 0) {
    for (Nursery& nursery : nurseries_) {
      if (nursery.generation() == report.generation) nursery.set_ready();
    }
    return;
  }
  Child* const child = find_by_slot(report.slot, report.generation);
  if (child == nullptr) return;
  switch (report.kind) {
    case Report::Kind::started:
      child->pid = report.pid;
      if (stopping_now_) {
        ::kill(child->pid, SIGQUIT);
      } else if (child->leaving) {
        ::kill(child->pid, SIGTERM);
      }
      break;
    case Report::Kind::ready:
      child->ready = true;
      has_served_ = true;
      failed_starts_ = 0;
      settle_generation();
      break;
    case Report::Kind::tired:
      child->tired = true;
      break;
    case Report::Kind::changed:
      if (child->generation == generation_ && !child->leaving) {
        log(LogLevel::info, setting_.name +
                                ": a file of the application has "
                                "changed");
        reload();
      }
      break;
    case Report::Kind::stuck:
      if (!child->stuck) {
        child->stuck = true;
        log(LogLevel::warning,
            setting_.name + ": worker " + std::to_string(child->pid) +
                (stopping_ ? " has" : " is replaced: it has") +
                " a request that cannot be ended: " + requests_of(*child));
        ask_to_leave(*child);
      }
      break;
  }
}

void Supervisor::reap() {
  for (;;) {
    int status = 0;
    rusage usage{};
    const pid_t pid = ::wait4(-1, &status, WNOHANG, &usage);
    if (pid < 0 && errno == EINTR) continue;
    if (pid <= 0) return;
    // Its last reports, the first one of them, may be on their way.
    read_reports();
    if (Child* const child = find(pid)) {
      bury(*child, status, usage);
      children_.remove_if([pid](const Child& c) { return c.pid == pid; });
      settle_generation();
      continue;
    }
    const auto nursery =
        std::find_if(nurseries_.begin(), nurseries_.end(),
                     [pid](const Nursery& n) { return n.pid() == pid; });
    if (nursery != nurseries_.end()) {
      std::list<Nursery> ended;  // out of the way of what follows
      ended.splice(ended.begin(), nurseries_, nursery);
      bury_nursery(ended.front(), status);
    }
  }
}

/// Says why a worker has ended, unless it was asked to, and what follows.
void Supervisor::bury(Child& child, int status, const rusage& usage) {
  const bool orderly = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  const auto age = Clock::now() - child.started;
  const std::string who = "worker " + std::to_string(child.pid);
  if (!child.ready && !child.leaving) {
    failed_start(child.generation, status, who);
  } else if (!orderly && !child.reported && !stopping_now_) {
    std::string line = setting_.name + ": " + who + ' ' + describe(status) +
                       " after " + seconds(age) + ", with at most " +
                       std::to_string(usage.ru_maxrss / 1024) + " MiB";
    const std::string requests = requests_of(child);
    line += requests.empty() ? "; no request was in flight"
                             : "; it was serving " + requests;
    log(LogLevel::error, line);
  } else if (orderly && !child.leaving) {
    log(LogLevel::info,
        setting_.name + ": " + who + " ended by itself after " + seconds(age));
  }
  setting_.board.retire(child.slot);
  if (child.leaving || child.tired || !child.ready || stopping_) return;
  ++setting_.board.worker(child.slot).restarts;
  if (age >= good_age) {
    quick_deaths_ = 0;
  } else if (++quick_deaths_ > 1) {
    next_start_ = Clock::now() + pause_after(quick_deaths_);
  }
}

void Supervisor::bury_nursery(const Nursery& nursery, int status) {
  if (stopping_ || nursery.generation() != generation_) return;
  failed_start(nursery.generation(), status,
               "the process that loads the application, " +
                   std::to_string(nursery.pid()) + ',');
}

/// What ends before it serves.
void Supervisor::failed_start(std::uint64_t generation, int status,
                              const std::string& who) {
  const bool not_loaded =
      WIFEXITED(status) && WEXITSTATUS(status) == exit_not_loaded;
  if (!not_loaded) {  // it has said so itself
    log(LogLevel::error, setting_.name + ": " + who + ' ' + describe(status) +
                             " before it could serve");
  }
  if (stopping_ || generation != generation_) return;
  if (proven_ != 0 && generation_ != proven_) return abandon_reload();
  ++failed_starts_;
  // At a first start, and while none could load it, the next one cannot either.
  if (not_loaded && !has_served_) return stop(exit_not_loaded);
  if (failed_starts_ >= most_failed_starts && healthy(generation_, true) == 0) {
    log(LogLevel::error,
        setting_.name + ": the application could not be started " +
            std::to_string(failed_starts_) +
            " times in a row; the service stops (see the lines above)");
    return stop(exit_not_loaded);
  }
  next_start_ = Clock::now() + pause_after(failed_starts_);
}

void Supervisor::look_after_children() {
  for (Child& child : children_) {
    if (child.pid == 0) continue;
    if (child.kill_at && Clock::now() >= *child.kill_at) {
      ::kill(child.pid, SIGKILL);
    } else if (child.stuck && !child.reported) {
      look_at_stuck(child);
    } else if (options_.max_memory != 0 && child.ready && !child.tired) {
      const auto memory = read_process_memory(child.pid);
      if (!memory || memory->resident <= options_.max_memory) continue;
      child.tired = true;
      log(LogLevel::info, setting_.name + ": worker " +
                              std::to_string(child.pid) + " has " +
                              std::to_string(memory->resident >> 20) +
                              " MiB, more than --max-memory; it is replaced");
    }
  }
}

/// Ends a worker in which nothing is left that could end. One with further
/// threads sees that by itself, once the others are done.
void Supervisor::look_at_stuck(Child& child) {
  if (options_.threads > 1 || !is_hopeless(child)) return;
  child.reported = true;
  child.kill_at = Clock::now() + 1s;
  ::kill(child.pid, SIGQUIT);
}

bool Supervisor::is_hopeless(const Child& child) const {
  const auto requests = in_flight(child);
  return std::all_of(requests.begin(), requests.end(),
                     [this](const RequestInFlight& r) {
                       return r.age > options_.limits.timeout + 1s;
                     });
}

void Supervisor::look_for_idleness() {
  if (stopping_) return;
  if (proven_ == 0) idle_.restart();
  if (!idle_.is_over()) return;
  log(LogLevel::info, setting_.name + ": no request for " +
                          std::to_string(options_.idle_exit.count()) +
                          " seconds; stopping");
  stop(0);
}

/// Starts what is missing and lets go what is too much.
void Supervisor::adjust() {
  if (stopping_) return;
  start_missing();
  // Those to be replaced go when others serve in their place.
  int surplus = healthy(generation_, true) - target_;
  if (generation_ != proven_ || surplus < 0) return;
  for (Child& child : children_) {
    if (child.tired && !child.leaving) ask_to_leave(child);
  }
  for (auto child = children_.rbegin();
       surplus > 0 && child != children_.rend(); ++child) {
    if (child->leaving || !child->ready) continue;
    ask_to_leave(*child);
    --surplus;
  }
}

void Supervisor::start_missing() {
  if (Clock::now() < next_start_) return;
  if (options_.preload) {
    const Nursery* const nursery = nursery_of(generation_);
    if (nursery == nullptr) {
      nurseries_.emplace_back(
          setting_, generation_, reports_write_.get(),
          [](void* self) { static_cast<Supervisor*>(self)->become_child(); },
          this);
      return;
    }
    if (!nursery->is_ready()) return;
  }
  int missing = target_ - healthy(generation_, false);
  // The first one of a generation shows that the application can be loaded.
  if (missing > 0 && proven_ != generation_ &&
      healthy(generation_, true) == 0) {
    missing = healthy(generation_, false) == 0 ? 1 : 0;
  }
  for (; missing > 0 && free_slot(); --missing) start_worker();
}

void Supervisor::start_worker() {
  const int slot = *free_slot();
  Child child;
  child.slot = slot;
  child.generation = generation_;
  WorkerSlot& place = setting_.board.worker(slot);
  place.generation = generation_;
  place.state = WorkerState::starting;
  place.started = Clock::now().time_since_epoch().count();
  const Place where{slot, generation_, reports_write_.get()};
  if (const Nursery* const nursery = nursery_of(generation_)) {
    if (!nursery->fork_worker(slot)) return;  // it is about to be reaped
  } else {
    child.pid = fork_process();
    if (child.pid == 0) {
      become_child();
      end_process(work(setting_, where, nullptr));
    }
    if (child.pid < 0) {
      log(LogLevel::error, setting_.name + ": a worker could not be forked: " +
                               std::generic_category().message(errno));
      next_start_ = Clock::now() + longest_pause;
      return;
    }
  }
  children_.push_back(child);
}

/// In a process just forked: lets go of what is the supervisor's.
void Supervisor::become_child() {
  signals_.reset();
  reports_read_.reset();
  if (status_server_) status_server_->leave();
  for (Nursery& nursery : nurseries_) nursery.leave();
  const sigset_t set = heeded();
  for (const int signal : heeded_signals) ::signal(signal, SIG_DFL);
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

/// Looks whether the workers of a new generation all serve.
void Supervisor::settle_generation() {
  if (stopping_ || proven_ == generation_ ||
      healthy(generation_, true) < target_) {
    return;
  }
  const bool is_reload = proven_ != 0;
  proven_ = generation_;
  for (Child& child : children_) {
    if (child.generation != generation_) ask_to_leave(child);
  }
  drop_nurseries(
      [this](const Nursery& n) { return n.generation() != generation_; });
  notifier_.ready();
  if (is_reload) {
    log(LogLevel::info, setting_.name + ": reloaded; new workers serve");
  } else {
    announce(setting_);
  }
  if (std::exchange(reload_again_, false)) reload();
}

void Supervisor::reload() {
  if (stopping_) return;
  if (proven_ != generation_) {
    reload_again_ = true;  // once the one that goes on has ended
    return;
  }
  notifier_.reloading();
  generation_ = ++last_generation_;
  next_start_ = Clock::now();
}

void Supervisor::abandon_reload() {
  log(LogLevel::error,
      setting_.name +
          ": the application could not be loaded anew; the old "
          "workers go on");
  for (Child& child : children_) {
    if (child.generation == generation_) ask_to_leave(child);
  }
  drop_nurseries(
      [this](const Nursery& n) { return n.generation() == generation_; });
  generation_ = proven_;
  notifier_.ready();
  if (std::exchange(reload_again_, false)) reload();
}

void Supervisor::stop(int status) {
  if (stopping_) return;
  stopping_ = true;
  exit_status_ = status;
  notifier_.stopping();
  drop_nurseries([](const Nursery&) { return true; });
  // Who comes now is told at once that nobody is there.
  setting_.listeners.clear();
  for (Child& child : children_) ask_to_leave(child);
}

/// One that has loaded ends by itself.
template <class Which>
void Supervisor::drop_nurseries(const Which& which) {
  for (const Nursery& nursery : nurseries_) {
    if (which(nursery) && !nursery.is_ready()) ::kill(nursery.pid(), SIGKILL);
  }
  nurseries_.remove_if(which);
}

void Supervisor::stop_now() {
  stopping_now_ = true;
  for (Child& child : children_) child.kill_at = Clock::now() + 1s;
  signal_all(SIGQUIT);
}

void Supervisor::ask_to_leave(Child& child) {
  if (child.leaving) return;
  child.leaving = true;
  setting_.board.worker(child.slot).state = WorkerState::draining;
  child.kill_at = Clock::now() + options_.limits.grace + patience;
  if (child.pid != 0) ::kill(child.pid, SIGTERM);
}

void Supervisor::signal_all(int signal) const {
  for (const Child& child : children_) {
    if (child.pid != 0) ::kill(child.pid, signal);
  }
}

/// Workers that need no replacement.
int Supervisor::healthy(std::uint64_t generation, bool ready_only) const {
  return static_cast<int>(
      std::count_if(children_.begin(), children_.end(), [&](const Child& c) {
        return c.generation == generation && !c.leaving && !c.tired &&
               (c.ready || !ready_only);
      }));
}

Supervisor::Child* Supervisor::find(pid_t pid) {
  const auto child =
      std::find_if(children_.begin(), children_.end(),
                   [pid](const Child& c) { return c.pid == pid; });
  return child == children_.end() ? nullptr : &*child;
}

Supervisor::Child* Supervisor::find_by_slot(int slot,
                                            std::uint64_t generation) {
  const auto child =
      std::find_if(children_.begin(), children_.end(), [&](const Child& c) {
        return c.slot == slot && c.generation == generation;
      });
  return child == children_.end() ? nullptr : &*child;
}

std::optional<int> Supervisor::free_slot() const {
  for (int slot = 0; slot < setting_.board.max_workers(); ++slot) {
    if (std::none_of(children_.begin(), children_.end(),
                     [slot](const Child& c) { return c.slot == slot; })) {
      return slot;
    }
  }
  return std::nullopt;
}

const Nursery* Supervisor::nursery_of(std::uint64_t generation) const {
  const auto nursery = std::find_if(
      nurseries_.begin(), nurseries_.end(),
      [&](const Nursery& n) { return n.generation() == generation; });
  return nursery == nurseries_.end() ? nullptr : &*nursery;
}

std::vector<RequestInFlight> Supervisor::in_flight(const Child& child) const {
  for (WorkerSnapshot& worker : setting_.board.snapshot().workers) {
    if (worker.index == child.slot) return std::move(worker.in_flight);
  }
  return {};
}

/// "GET /a for 0.1 s, POST /b for 2.0 s"
std::string Supervisor::requests_of(const Child& child) const {
  std::string lines;
  for (const RequestInFlight& request : in_flight(child)) {
    lines += (lines.empty() ? "" : ", ") + request.line + " for " +
             seconds(request.age);
  }
  return lines;
}

}  // namespace decant::service
