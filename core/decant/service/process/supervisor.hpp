// SPDX-License-Identifier: MIT
// The process that starts the workers, replaces them and answers for them. It
// serves no request and holds no application.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "decant/descriptor.hpp"
#include "decant/service/process/children.hpp"
#include "decant/service/process/idle_watch.hpp"
#include "decant/service/process/worker.hpp"
#include "decant/service/process/zygote.hpp"
#include "decant/service/status/status_server.hpp"

namespace decant::service {

/// Runs `shared.processes` workers until TERM, INT or QUIT.
///
/// Of a worker's health there are these words: it is *ready* once it serves,
/// *tired* when it is to be replaced (--max-requests, --max-memory, a file that
/// has changed), *stuck* when a thread of it is *lost*: a request of that
/// thread went on although it was interrupted (--timeout). One whose requests
/// are all lost is *hopeless*, and is ended. One that dies young is started
/// again with a back-off.
///
/// A worker that ends is replaced. A generation of workers is those that were
/// started to run the same code: HUP starts the next one, whose first worker
/// shows that the application can be loaded; when all serve, those of the last
/// one drain and go.
class Supervisor {
 public:
  Supervisor(Shared& shared, const Notifier& notifier);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  /// Gives the exit status of the service.
  int run();
  /// The signal that ended it; 0: none.
  int stop_signal() const noexcept { return stop_signal_; }

 private:
  using Clock = std::chrono::steady_clock;

  void open_channels();
  void wait();
  int timeout() const;
  bool needs_clock() const;
  void read_signals();
  void heed(int signal);
  void hurry();
  void read_reports();
  void heed(const Report& report);
  void begin(Child& child, pid_t pid) const;
  void let_go_of_stuck(Child& child);
  void reap();
  void bury(Child& child, int status, const rusage& usage);
  void bury_zygote(const Zygote& zygote, int status);
  void failed_start(std::uint64_t generation, int status,
                    const std::string& who);
  void look_after_children();
  void look_for_idleness();
  void look_at_stuck(Child& child);
  bool is_hopeless(const Child& child) const;
  void adjust();
  void start_missing();
  void start_worker();
  void settle_generation();
  const Zygote* zygote_of(std::uint64_t generation) const;
  void become_child();
  void reload();
  void abandon_reload();
  void stop(int status);
  void stop_now();
  template <class Which>
  void drop_zygotes(const Which& which);
  void ask_to_leave(Child& child);

  Shared& shared_;
  const Options& options_;
  const Notifier& notifier_;
  Descriptor signals_;
  Descriptor reports_read_;
  Descriptor reports_write_;
  std::optional<StatusServer> status_server_;
  Children children_;
  std::list<Zygote> zygotes_;
  int target_;
  std::uint64_t generation_ = 1;  // that new workers are of
  std::uint64_t proven_ = 0;      // the last one that serves; 0: none did yet
  std::uint64_t last_generation_ = 1;
  bool reload_again_ = false;
  bool has_served_ = false;  // any worker did
  int failed_starts_ = 0;
  int quick_deaths_ = 0;
  Clock::time_point next_start_ = Clock::now();
  Clock::time_point next_look_ = Clock::now();
  Clock::time_point next_alive_ = Clock::now();
  IdleWatch idle_;
  bool stopping_ = false;
  bool stopping_now_ = false;
  int exit_status_ = 0;
  int stop_signal_ = 0;
};

}  // namespace decant::service
