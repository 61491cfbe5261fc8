// SPDX-License-Identifier: MIT
#include "decant/service/process/supervisor.hpp"

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
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "decant/broken_pipe.hpp"
#include "decant/error.hpp"
#include "decant/fork.hpp"
#include "decant/runtime.hpp"
#include "decant/service/log/log.hpp"
#include "decant/service/status/process_memory.hpp"

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

/// The back-off: doubles with each time that something went wrong.
std::chrono::milliseconds pause_after(int failures) {
  return std::min<std::chrono::milliseconds>(
      longest_pause, 50ms * (1 << std::min(failures, 8)));
}

}  // namespace

Supervisor::Supervisor(Shared& shared, const Notifier& notifier)
    : shared_(shared),
      options_(shared.options),
      notifier_(notifier),
      children_(shared.board),
      target_(shared.processes),
      idle_(shared.board, shared.options.idle_exit) {
  shared_.supervisor = ::getpid();
  open_channels();
  if (!options_.status.empty()) {
    status_server_.emplace(
        open(Endpoint::parse(options_.status), options_.socket),
        options_.socket, [this] { return shared_.board.snapshot(); });
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
    throw Error(shared_.name + ": a descriptor of the supervisor is broken");
  }
}

bool Supervisor::needs_clock() const {
  return options_.max_memory != 0 || options_.idle_exit.count() != 0 ||
         generation_ != proven_ || Clock::now() < next_start_ ||
         children_.in_motion();
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
        log(LogLevel::info, shared_.name + ": stopping");
        stop_signal_ = signal;
        if (signal == SIGINT) hurry();
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
      children_.signal_all(SIGUSR1);
      break;
    case SIGTTIN:
      target_ = std::min(target_ + 1, shared_.board.max_workers() / 2);
      break;
    case SIGTTOU:
      target_ = std::max(target_ - 1, 1);
      break;
    default:
      break;  // a child has ended: reap() looks
  }
}

/// A terminal tells the workers too; whoever else interrupts us does not.
void Supervisor::hurry() {
  if (!options_.for_development) return;
  for (const Child& child : children_) {
    if (child.stage == Stage::serving) ::kill(child.pid, SIGINT);
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
  if (report.kind == Report::Kind::loaded) {
    for (Zygote& zygote : zygotes_) {
      if (zygote.generation() == report.generation) zygote.set_ready();
    }
    return;
  }
  Child* const child = children_.find(report.slot, report.generation);
  if (child == nullptr) return;
  switch (report.kind) {
    case Report::Kind::loaded:
      break;
    case Report::Kind::started:
      begin(*child, report.pid);
      break;
    case Report::Kind::ready:
      if (!child->is_leaving()) child->stage = Stage::serving;
      has_served_ = true;
      failed_starts_ = 0;
      settle_generation();
      break;
    case Report::Kind::tired:
      if (!child->is_leaving()) child->stage = Stage::tired;
      break;
    case Report::Kind::changed:
      if (child->generation == generation_ && !child->is_leaving()) {
        log(LogLevel::info,
            shared_.name + ": a file of the application has changed");
        reload();
      }
      break;
    case Report::Kind::stuck:
      let_go_of_stuck(*child);
      break;
  }
}

/// The zygote has forked it.
void Supervisor::begin(Child& child, pid_t pid) const {
  child.pid = pid;
  if (stopping_now_) {
    ::kill(pid, SIGQUIT);
  } else if (child.is_leaving()) {
    ::kill(pid, SIGTERM);
  } else {
    child.stage = Stage::starting;
  }
}

void Supervisor::let_go_of_stuck(Child& child) {
  if (child.stage == Stage::stuck) return;
  log(LogLevel::warning,
      shared_.name + ": worker " + std::to_string(child.pid) +
          (stopping_ ? " has" : " is replaced: it has") +
          " a request that cannot be ended: " + children_.requests_of(child));
  ask_to_leave(child);
  child.stage = Stage::stuck;
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
    if (Child* const child = children_.find(pid)) {
      bury(*child, status, usage);
      children_.remove(*child);
      settle_generation();
      continue;
    }
    const auto zygote =
        std::find_if(zygotes_.begin(), zygotes_.end(),
                     [pid](const Zygote& n) { return n.pid() == pid; });
    if (zygote != zygotes_.end()) {
      std::list<Zygote> ended;  // out of the way of what follows
      ended.splice(ended.begin(), zygotes_, zygote);
      bury_zygote(ended.front(), status);
    }
  }
}

/// Says why a worker has ended, unless it was asked to, and what follows.
void Supervisor::bury(Child& child, int status, const rusage& usage) {
  // One that is told to leave before it has its handlers has nothing to finish.
  const bool left_at_once = child.is_leaving() && WIFSIGNALED(status) &&
                            WTERMSIG(status) == SIGTERM &&
                            children_.requests_of(child).empty();
  const bool orderly =
      left_at_once || (WIFEXITED(status) && WEXITSTATUS(status) == 0);
  const auto age = Clock::now() - child.started;
  const std::string who = "worker " + std::to_string(child.pid);
  if (!child.has_loaded()) {
    failed_start(child.generation, status, who);
  } else if (!orderly && !child.explained && !stopping_now_) {
    std::string line = shared_.name + ": " + who + ' ' + describe(status) +
                       " after " + seconds_in_words(age) + ", with at most " +
                       std::to_string(usage.ru_maxrss / 1024) + " MiB";
    const std::string requests = children_.requests_of(child);
    line += requests.empty() ? "; no request was in flight"
                             : "; it was serving " + requests;
    log(LogLevel::error, line);
  } else if (orderly && !child.is_leaving()) {
    log(LogLevel::info, shared_.name + ": " + who + " ended by itself after " +
                            seconds_in_words(age));
  }
  shared_.board.clear_worker(child.slot);
  if (child.stage != Stage::serving || stopping_) return;
  ++shared_.board.worker(child.slot).restarts;
  if (age >= good_age) {
    quick_deaths_ = 0;
  } else if (++quick_deaths_ > 1) {
    next_start_ = Clock::now() + pause_after(quick_deaths_);
  }
}

void Supervisor::bury_zygote(const Zygote& zygote, int status) {
  if (stopping_ || zygote.generation() != generation_) return;
  failed_start(zygote.generation(), status,
               "the process that loads the application, " +
                   std::to_string(zygote.pid()) + ',');
}

/// What ends before it serves.
void Supervisor::failed_start(std::uint64_t generation, int status,
                              const std::string& who) {
  const bool not_loaded =
      WIFEXITED(status) && WEXITSTATUS(status) == exit_not_loaded;
  if (!not_loaded) {  // it has said so itself
    log(LogLevel::error, shared_.name + ": " + who + ' ' + describe(status) +
                             " before it could serve");
  }
  if (stopping_ || generation != generation_) return;
  if (proven_ != 0 && generation_ != proven_) return abandon_reload();
  ++failed_starts_;
  // At a first start, and while none could load it, the next one cannot either.
  if (not_loaded && !has_served_) return stop(exit_not_loaded);
  if (failed_starts_ >= most_failed_starts &&
      children_.count_serving(generation_) == 0) {
    log(LogLevel::error,
        shared_.name + ": the application could not be started " +
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
    } else if (child.stage == Stage::stuck && !child.explained) {
      look_at_stuck(child);
    } else if (options_.max_memory != 0 && child.stage == Stage::serving) {
      const auto memory = read_process_memory(child.pid);
      if (!memory || memory->resident <= options_.max_memory) continue;
      child.stage = Stage::tired;
      log(LogLevel::info, shared_.name + ": worker " +
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
  child.explained = true;
  child.kill_at = Clock::now() + 1s;
  ::kill(child.pid, SIGQUIT);
}

bool Supervisor::is_hopeless(const Child& child) const {
  const auto requests = children_.in_flight(child);
  return std::all_of(requests.begin(), requests.end(),
                     [this](const RequestInFlight& r) {
                       return r.age > options_.limits.timeout + 1s;
                     });
}

void Supervisor::look_for_idleness() {
  if (stopping_) return;
  if (proven_ == 0) idle_.restart();
  if (!idle_.is_over()) return;
  log(LogLevel::info, shared_.name + ": no request for " +
                          std::to_string(options_.idle_exit.count()) +
                          " seconds; stopping");
  stop(0);
}

/// Starts workers that are missing and asks surplus ones to leave.
void Supervisor::adjust() {
  if (stopping_) return;
  start_missing();
  // A tired worker leaves once its replacement serves.
  int surplus = children_.count_serving(generation_) - target_;
  if (generation_ != proven_ || surplus < 0) return;
  for (Child& child : children_) {
    if (child.stage == Stage::tired) ask_to_leave(child);
  }
  for (auto child = children_.rbegin();
       surplus > 0 && child != children_.rend(); ++child) {
    if (!child->has_loaded() || child->is_leaving()) continue;
    ask_to_leave(*child);
    --surplus;
  }
}

void Supervisor::start_missing() {
  if (Clock::now() < next_start_) return;
  if (options_.preload) {
    const Zygote* const zygote = zygote_of(generation_);
    if (zygote == nullptr) {
      zygotes_.emplace_back(shared_, generation_, reports_write_.get(),
                            [this] { become_child(); });
      return;
    }
    if (!zygote->is_ready()) return;
  }
  int missing = target_ - children_.count(generation_);
  // The first one of a generation shows that the application can be loaded.
  if (missing > 0 && proven_ != generation_ &&
      children_.count_serving(generation_) == 0) {
    missing = children_.count(generation_) == 0 ? 1 : 0;
  }
  for (; missing > 0 && children_.free_slot(); --missing) start_worker();
}

void Supervisor::start_worker() {
  const int slot = *children_.free_slot();
  Child child;
  child.slot = slot;
  child.generation = generation_;
  WorkerSlot& on_board = shared_.board.worker(slot);
  on_board.generation = generation_;
  on_board.state = WorkerState::starting;
  on_board.started = Clock::now().time_since_epoch().count();
  const Seat where{slot, generation_, reports_write_.get()};
  if (const Zygote* const zygote = zygote_of(generation_)) {
    if (!zygote->fork_worker(slot)) return;  // it is about to be reaped
    child.stage = Stage::asked;
  } else {
    child.pid = fork_process();
    if (child.pid == 0) {
      become_child();
      end_process(work(shared_, where, nullptr));
    }
    if (child.pid < 0) {
      log(LogLevel::error, shared_.name + ": a worker could not be forked: " +
                               std::generic_category().message(errno));
      next_start_ = Clock::now() + longest_pause;
      return;
    }
  }
  children_.add(child);
}

/// In a process just forked: lets go of what is the supervisor's.
void Supervisor::become_child() {
  signals_.reset();
  reports_read_.reset();
  if (status_server_) status_server_->leave();
  for (Zygote& zygote : zygotes_) zygote.leave();
  const sigset_t set = heeded();
  for (const int signal : heeded_signals) ::signal(signal, SIG_DFL);
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

/// Looks whether the workers of a new generation all serve.
void Supervisor::settle_generation() {
  if (stopping_ || proven_ == generation_ ||
      children_.count_serving(generation_) < target_) {
    return;
  }
  const bool is_reload = proven_ != 0;
  proven_ = generation_;
  for (Child& child : children_) {
    if (child.generation != generation_) ask_to_leave(child);
  }
  drop_zygotes(
      [this](const Zygote& n) { return n.generation() != generation_; });
  notifier_.ready();
  if (is_reload) {
    log(LogLevel::info, shared_.name + ": reloaded; new workers serve");
  } else {
    announce(shared_);
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
      shared_.name +
          ": the application could not be loaded anew; the old "
          "workers go on");
  for (Child& child : children_) {
    if (child.generation == generation_) ask_to_leave(child);
  }
  drop_zygotes(
      [this](const Zygote& n) { return n.generation() == generation_; });
  generation_ = proven_;
  notifier_.ready();
  if (std::exchange(reload_again_, false)) reload();
}

void Supervisor::stop(int status) {
  if (stopping_) return;
  stopping_ = true;
  exit_status_ = status;
  notifier_.stopping();
  drop_zygotes([](const Zygote&) { return true; });
  for (Listener& listener : shared_.listeners) listener.withdraw();
  shared_.listeners.clear();
  for (Child& child : children_) ask_to_leave(child);
}

/// A zygote that has loaded ends when its pipe is closed; one that still loads
/// is killed.
template <class Which>
void Supervisor::drop_zygotes(const Which& which) {
  for (const Zygote& zygote : zygotes_) {
    if (which(zygote) && !zygote.is_ready()) ::kill(zygote.pid(), SIGKILL);
  }
  zygotes_.remove_if(which);
}

void Supervisor::stop_now() {
  stopping_now_ = true;
  for (Child& child : children_) child.kill_at = Clock::now() + 1s;
  children_.signal_all(SIGQUIT);
}

void Supervisor::ask_to_leave(Child& child) {
  if (child.is_leaving()) return;
  child.stage = Stage::leaving;
  shared_.board.worker(child.slot).state = WorkerState::draining;
  child.kill_at = Clock::now() + options_.limits.grace + patience;
  if (child.pid != 0) ::kill(child.pid, SIGTERM);
}

const Zygote* Supervisor::zygote_of(std::uint64_t generation) const {
  const auto zygote = std::find_if(
      zygotes_.begin(), zygotes_.end(),
      [&](const Zygote& n) { return n.generation() == generation; });
  return zygote == zygotes_.end() ? nullptr : &*zygote;
}

}  // namespace decant::service
