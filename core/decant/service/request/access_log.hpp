// SPDX-License-Identifier: MIT
// The access log: a line for each request.
#pragma once

#include <memory>
#include <string>

#include "decant/service/log/log.hpp"
#include "decant/service/log/log_settings.hpp"
#include "decant/service/log/time_stamp.hpp"
#include "decant/service/request/observer.hpp"

namespace decant::service {

/// Appends the line of a request that began at `time`, with its newline. What
/// the client chose is escaped and cut, so that a line has at most 4096 bytes,
/// which even a pipe takes in one piece:
///
///   ADDRESS - USER [TIME] "METHOD URI PROTOCOL" STATUS BYTES SECONDS
///   ADDRESS - ... BYTES "REFERRER" "USER AGENT" SECONDS
///
/// with "-" for what there is not. In the JSON form it is "" or 0.
void append_access_line(std::string& out, AccessFormat format,
                        const RequestRecord& record, WallTime time);

/// One per process, or one made before a fork for all. reopen_logs() opens its
/// file anew.
class AccessLog {
 public:
  /// Throws Error when the file cannot be opened.
  explicit AccessLog(const LogSettings& settings);

  /// What writes the lines of one thread. Borrows this.
  std::unique_ptr<Observer> make_observer() const;

 private:
  std::unique_ptr<LogFile> file_;  // null: standard output
  AccessFormat format_;
};

}  // namespace decant::service
