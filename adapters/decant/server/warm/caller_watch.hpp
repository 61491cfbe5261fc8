// SPDX-License-Identifier: MIT
// A request that goes on although nobody waits for it any more.
#pragma once

namespace decant::warm {

/// The request that this process serves, while it lives. A web server ends a
/// CGI program that takes too long; the worker behind it hears of that when it
/// writes. Where it does not write, as in a loop without an end, the process
/// ends 5 to 10 seconds later. One at a time, always on the same thread, with
/// service::Signals in place.
class CallerWatch {
 public:
  explicit CallerWatch(int connection) noexcept;
  CallerWatch(const CallerWatch&) = delete;
  CallerWatch& operator=(const CallerWatch&) = delete;
  ~CallerWatch();
};

}  // namespace decant::warm
