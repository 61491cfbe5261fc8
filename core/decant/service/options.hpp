// SPDX-License-Identifier: MIT
// What a person may set of a service, whatever is spoken at its doors.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "decant/normaliser.hpp"
#include "decant/service/limits.hpp"
#include "decant/service/listen/listener.hpp"
#include "decant/service/log/log_settings.hpp"

namespace decant::service {

struct Options {
  normaliser::Rules rules;
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
  /// Requests are shown on standard error, files of the application are looked
  /// at four times a second, and after INT nobody is waited for who has
  /// connected and said nothing.
  bool for_development = false;
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

}  // namespace decant::service
