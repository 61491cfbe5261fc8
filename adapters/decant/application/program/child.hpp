// SPDX-License-Identifier: MIT
// A running CGI program: its process, its group and the pipes to it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>

#include "decant/application/program/guard.hpp"
#include "decant/descriptor.hpp"

namespace decant::program {

/// From TERM to KILL.
inline constexpr std::chrono::milliseconds term_patience{2000};
/// Between looks at a process that cannot be polled.
inline constexpr std::chrono::milliseconds look_again{50};

/// What is run.
struct Start {
  const char* file;
  const char* directory;  ///< where it begins
  char** environment;
  bool with_input;  ///< else its standard input is empty
};

/// One program, from its start to the end of its process. Used by one thread.
class Child {
 public:
  /// Runs it with no arguments, in a process group of its own, with the
  /// descriptors 0, 1 and 2 and no others, with signals as a program expects
  /// them. Throws GatewayError: 431 for variables that are too large for a
  /// process, 503 where there is no room for one more, 502 for a file that
  /// cannot be run.
  explicit Child(const Start& start);
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  /// Kills it when it has not been reaped.
  ~Child();

  pid_t pid() const noexcept { return pid_; }
  /// poll(2) finds it readable once the process has ended; -1 on a system that
  /// has no such thing.
  int descriptor() const noexcept { return descriptor_.get(); }
  bool has_ended() const noexcept;
  /// Sends a signal to its group.
  void signal(int number) const noexcept;
  /// Waits for its end. The status as wait(2) has it.
  int reap() noexcept;
  bool reaped() const noexcept { return pid_ < 0; }

  /// The ends of the pipes to it, which do not block.
  Descriptor input;
  Descriptor output;
  Descriptor errors;

 private:
  GuardedGroup group_;
  pid_t pid_ = -1;
  Descriptor descriptor_;
};

}  // namespace decant::program
