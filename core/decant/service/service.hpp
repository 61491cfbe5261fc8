// SPDX-License-Identifier: MIT
// A service, whatever it speaks: endpoints, processes, threads, limits, logs.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "decant/gateway.hpp"
#include "decant/service/limits.hpp"
#include "decant/service/listener.hpp"
#include "decant/service/log_settings.hpp"

namespace decant::service {

class Observer;
class Protocol;

struct Options {
  /// "unix:/run/x.sock", "127.0.0.1:9000", "[::1]:9000", "fd:3". Empty: the
  /// sockets of systemd (LISTEN_FDS), else standard input.
  std::vector<std::string> listen;
  SocketSettings socket;
  Limits limits;
  /// Worker processes; 0: this process serves, and none is forked. No value:
  /// as many as there are processors, but 0 where the socket is standard
  /// input: whoever passes it that way has processes of his own.
  std::optional<int> processes;
  /// Requests that a process serves at the same time. With 1 it is the main
  /// thread that serves, and there is no other.
  int threads = 4;
  /// Loads the application once, before the workers are forked.
  bool preload = false;
  /// The time that loading the application may take; 0: any.
  std::chrono::seconds load_timeout{0};
  /// Starts new workers when a file of the application changes.
  bool reload = false;
  /// A worker is replaced after so many requests, 0: never; to which a number
  /// up to the jitter is added, so that not all are replaced at once.
  std::uint64_t max_requests = 0;
  std::uint64_t max_requests_jitter = 0;
  /// A worker whose resident memory is above so many bytes is replaced; 0:
  /// never.
  std::uint64_t max_memory = 0;
  /// The service ends after so long without a request; 0: never.
  std::chrono::seconds idle_exit{0};
  /// Who it becomes once its sockets and files are open; empty: as it is.
  std::string user;
  std::string group;
  /// Its root directory from then on; empty: as it is.
  std::string chroot;
  /// Holds the process id of the service while it runs; empty: none.
  std::string pid_file;
  /// Where the supervisor answers /status, /metrics and /ping over HTTP;
  /// empty: nowhere.
  std::string status;
  LogSettings logs;
};

/// Makes what speaks on the connections of one thread and tells `observer`,
/// which may be null, of each request.
using MakeServer = std::function<std::unique_ptr<Protocol>(
    std::unique_ptr<Observer> observer)>;

/// Called in each process that serves, before it serves: loads the application.
/// Throws what that throws.
using Prepare = std::function<MakeServer(Concurrency concurrency)>;

/// Opens the endpoints and serves until TERM or INT. Gives the exit status: 3
/// when the application cannot be loaded, which the log says. Throws UsageError
/// for an endpoint that is none and without any, Error when one cannot be
/// opened: in use, not allowed. `name` is the protocol's for the log.
/// `check`, which may be null, looks at the sockets once they are open and
/// throws for those that the protocol does not take.
int serve(const std::string& name, const Options& options,
          const Prepare& prepare,
          void (*check)(const std::vector<Listener>& listeners) = nullptr);

/// True when `options` name an endpoint, or a socket was passed.
bool has_endpoint(const Options& options);

}  // namespace decant::service
