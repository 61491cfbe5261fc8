// SPDX-License-Identifier: MIT
// --timeout: the time that one request may take.
//
// The way of a time-out through the files:
//   worker             set_deadlines(), once per process
//   request/serving    a TimedRequest around each request, on its thread
//   loop/signals       the timer, whose ALRM comes to the main thread: look()
//   deadline           look() finds the requests whose time is over and sends
//                      USR2 to their threads: expire()
//   deadline           expire(), there: sends the answer 504 if the head has
//                      not gone out, or else shuts the connection down
//   runtime            in the main thread expire() has the language raise an
//                      exception in the request; the stack was printed before
//   request/observer   the request is logged as 504
//   deadline           a second later look() takes the thread for lost:
//                      settings.stuck tells the supervisor of the worker
//   loop/loop          adds a thread for each lost one; gives up the process
//                      when nothing else is left to drain
//   process/supervisor replaces the worker
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include "decant/environ.hpp"

namespace decant::service {

/// What is done about requests that take too long. Times run from the start of
/// each request to its end.
struct DeadlineSettings {
  std::chrono::milliseconds timeout{0};  ///< 0: as long as it takes
  /// The main thread serves: there a runtime can interrupt what it runs.
  bool in_main_thread = false;
  /// Called, in a signal handler, when a request that was interrupted has not
  /// ended a second later: its thread is lost. May be null. `context` is given
  /// to it, and outlives the threads.
  void (*stuck)(const void* context) noexcept = nullptr;
  const void* context = nullptr;
};

/// Once per process, with Signals in place and before a runtime starts, which
/// may chain its own handler of USR2 before ours.
void set_deadlines(const DeadlineSettings& settings);
/// True when requests have a time-out.
bool has_deadlines() noexcept;
/// Threads that have been lost since the last call.
int take_lost_threads() noexcept;
/// Requests that hold a lost thread at this moment.
std::size_t hopeless_requests() noexcept;

/// The request that the calling thread serves, while it lives. When its time
/// is over before its head has gone out, `answer` is sent in its place and
/// nothing of the application's may follow. Does nothing without a time-out.
class TimedRequest {
 public:
  /// `answer` is written to `socket` as it is and must outlive the object.
  TimedRequest(int socket, std::string_view answer,
               const Variables& variables) noexcept;
  TimedRequest(const TimedRequest&) = delete;
  TimedRequest& operator=(const TimedRequest&) = delete;
  ~TimedRequest();

  /// Asked before the head is sent: false when `answer` has been.
  bool claim_head() noexcept;
};

/// True when the request that the calling thread serves was answered so.
bool request_timed_out() noexcept;

}  // namespace decant::service
