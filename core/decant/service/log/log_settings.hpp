// SPDX-License-Identifier: MIT
// Where a service writes its log and its access log.
#pragma once

#include <string>

namespace decant::service {

enum class AccessFormat {
  common,    ///< the Common Log Format, and the time taken
  combined,  ///< that with referrer and user agent before the time
  json,      ///< an object a line
};

struct LogSettings {
  /// The file of the log; empty: standard error.
  std::string file;
  /// The file of the access log; empty: there is none, "-": standard output.
  std::string access_file;
  AccessFormat access_format = AccessFormat::common;
};

}  // namespace decant::service
