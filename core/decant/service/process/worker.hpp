// SPDX-License-Identifier: MIT
// A process that serves: it loads the application and runs the loop.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "decant/application.hpp"
#include "decant/descriptor.hpp"
#include "decant/exit_status.hpp"
#include "decant/service/door.hpp"
#include "decant/service/listen/listener.hpp"
#include "decant/service/loop/control.hpp"
#include "decant/service/options.hpp"
#include "decant/service/process/notify.hpp"
#include "decant/service/request/access_log.hpp"
#include "decant/service/request/observer.hpp"
#include "decant/service/status/scoreboard.hpp"

namespace decant::service {

/// What all processes of a service have in common. It is made once and lives
/// until the last of them has ended.
struct Shared {
  std::string name;                   ///< of the protocol, for the log
  std::string banner;                 ///< what the log is told once it serves
  std::vector<std::string> warnings;  ///< and beneath it
  const Options& options;
  const Loader& load;
  Application application;  ///< null until it has been loaded here
  std::vector<Door> doors;
  std::vector<Listener> listeners;  ///< of the doors, each at its place
  Scoreboard board;
  const AccessLog* access_log;  ///< may be null
  int processes;                ///< 0: this one serves
  /// Makes a further observer for a thread that serves; may be empty.
  std::function<std::unique_ptr<Observer>()> make_observer = {};
  /// Where lines about requests go, and that it serves; null: the log.
  ErrorSink* errors = nullptr;
  pid_t supervisor = 0;  ///< 0: there is none
};

/// What a worker tells its supervisor: one write(2), so that none mix.
struct Report {
  enum class Kind : std::uint8_t {
    loaded,   ///< of the zygote: it has loaded the application
    started,  ///< this is its process id
    ready,    ///< it serves
    tired,    ///< it has served enough, or a file has changed: replace it
    changed,  ///< a file of the application has changed: replace all
    stuck,    ///< a request cannot be ended
  };
  Kind kind;
  int slot;
  std::uint64_t generation;
  pid_t pid;
};

/// Writes it to the pipe. A supervisor that is gone needs no report.
/// Signal-safe.
void send(const Report& report, int pipe) noexcept;

/// The slot of a worker on the scoreboard, its generation, and the pipe to its
/// supervisor.
struct Seat {
  int slot = 0;
  std::uint64_t generation = 0;
  int reports = -1;  ///< a pipe of Report; -1 without a supervisor
};

/// Tells the log that the service serves.
void announce(const Shared& shared);

/// Loads the application, unless that has been done. False when it failed,
/// which has been logged.
bool load(Shared& shared);

/// Serves in this process until it is told to stop. Gives the exit status; why
/// an application could not be loaded has been logged. `notifier` may be null.
int work(Shared& shared, const Seat& seat, const Notifier* notifier);

/// Serves what has been loaded until `control` stops it. With `once` no longer
/// than for one request.
void work_for(Shared& shared, Control& control, bool once);

}  // namespace decant::service
