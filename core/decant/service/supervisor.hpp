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
#include "decant/service/idle_watch.hpp"
#include "decant/service/nursery.hpp"
#include "decant/service/status_server.hpp"
#include "decant/service/worker.hpp"

namespace decant::service {

/// Runs `setting.processes` workers until TERM, INT or QUIT.
///
/// A worker that ends is replaced. A generation of workers is those that were
/// started to run the same code: HUP starts the next one, whose first worker
/// shows that the application can be loaded; when all serve, those of the last
/// one drain and go.
class Supervisor {
 public:
  Supervisor(Setting& setting, const Notifier& notifier);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  /// Gives the exit status of the service.
  int run();

 private:
  using Clock = std::chrono::steady_clock;

  struct Child {
    pid_t pid = 0;  // 0: the nursery is still to say it
    int slot = 0;
    std::uint64_t generation = 0;
    Clock::time_point started = Clock::now();
    bool ready = false;
    bool tired = false;     // to be replaced, then asked to leave
    bool stuck = false;     // has a request that cannot be ended
    bool leaving = false;   // was asked to
    bool reported = false;  // why it goes has been said
    std::optional<Clock::time_point> kill_at;
  };

  void open_channels();
  void wait();
  int timeout() const;
  bool needs_clock() const;
  void read_signals();
  void heed(int signal);
  void read_reports();
  void heed(const Report& report);
  void reap();
  void bury(Child& child, int status, const rusage& usage);
  void bury_nursery(const Nursery& nursery, int status);
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
  std::optional<int> free_slot() const;
  const Nursery* nursery_of(std::uint64_t generation) const;
  void become_child();
  void reload();
  void abandon_reload();
  void stop(int status);
  void stop_now();
  template <class Which>
  void drop_nurseries(const Which& which);
  void ask_to_leave(Child& child);
  void signal_all(int signal) const;
  int healthy(std::uint64_t generation, bool ready_only) const;
  Child* find(pid_t pid);
  Child* find_by_slot(int slot, std::uint64_t generation);
  std::vector<RequestInFlight> in_flight(const Child& child) const;
  std::string requests_of(const Child& child) const;

  Setting& setting_;
  const Options& options_;
  const Notifier& notifier_;
  Descriptor signals_;
  Descriptor reports_read_;
  Descriptor reports_write_;
  std::optional<StatusServer> status_server_;
  std::list<Child> children_;
  std::list<Nursery> nurseries_;
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
};

}  // namespace decant::service
