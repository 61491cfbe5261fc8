// SPDX-License-Identifier: MIT
// A limit of processor time that a web server sets for each CGI program.
#pragma once

#include <sys/resource.h>

namespace decant::warm {

/// What RLIMIT_CPU allows to a program is what each request may take of a
/// worker, which lives longer.
class ProcessorTime {
 public:
  ProcessorTime() noexcept;
  /// Before a request: as much as a program that is started now. Less where a
  /// hard limit is near.
  void grant() const noexcept;
  /// So much of a hard limit is used up that a program had noticeably more.
  bool is_short() const noexcept;

 private:
  rlimit limit_{RLIM_INFINITY, RLIM_INFINITY};
};

}  // namespace decant::warm
