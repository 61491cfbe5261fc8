// SPDX-License-Identifier: MIT
#include "decant/server/warm/processor_time.hpp"

#include <algorithm>

namespace decant::warm {
namespace {

constexpr rlim_t noticeable_part = 8;
constexpr rlim_t milliseconds = 1000;

/// Of this process so far, in milliseconds.
rlim_t used() noexcept {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto count = [](const timeval& time) {
    return static_cast<rlim_t>(time.tv_sec) * milliseconds +
           static_cast<rlim_t>(time.tv_usec) / 1000;
  };
  return count(usage.ru_utime) + count(usage.ru_stime);
}

}  // namespace

ProcessorTime::ProcessorTime() noexcept {
  ::getrlimit(RLIMIT_CPU, &limit_);
}

void ProcessorTime::grant() const noexcept {
  if (limit_.rlim_cur == RLIM_INFINITY) return;
  const rlim_t begun = (used() + milliseconds - 1) / milliseconds;
  const rlimit granted{std::min(limit_.rlim_max, limit_.rlim_cur + begun),
                       limit_.rlim_max};
  ::setrlimit(RLIMIT_CPU, &granted);
}

bool ProcessorTime::is_short() const noexcept {
  if (limit_.rlim_max == RLIM_INFINITY) return false;
  const rlim_t all = limit_.rlim_max * milliseconds;
  return used() + limit_.rlim_cur * milliseconds >
         all + limit_.rlim_cur * milliseconds / noticeable_part;
}

}  // namespace decant::warm
