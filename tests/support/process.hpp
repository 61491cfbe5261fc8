// SPDX-License-Identifier: MIT
// Programs that a test starts: fed, watched, and ended with the test.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/wait.hpp"

namespace decant::test {

using Words = std::vector<std::string>;
/// Names and values, owned.
using Pairs = std::vector<std::pair<std::string, std::string>>;

/// How a program is started. It inherits the standard three descriptors and
/// those named here, and SIGPIPE as it is by default.
struct Command {
  /// The path of the program and its arguments.
  Words words;
  /// Added to the environment of the test, or instead of it.
  Pairs environment = {};
  bool inherit_environment = true;
  /// Standard input, which ends after it unless it is kept open.
  std::string input = {};
  bool keep_input_open = false;
  /// Standard error goes to this file instead of being captured.
  std::string error_file = {};
  /// Further descriptors: the number in the program, and ours.
  std::vector<std::pair<int, int>> descriptors = {};
};

/// A running program. TERM, then KILL, when it is destroyed.
class Process {
 public:
  /// Throws std::runtime_error when there is no such program.
  explicit Process(Command command);
  Process(Process&&) noexcept;
  Process& operator=(Process&&) = delete;
  ~Process();

  pid_t pid() const;
  /// Moves input and output until `enough` gives true, which is what it gives
  /// then. False when the program ended before or `limit` passed.
  bool pump_until(const std::function<bool()>& enough,
                  Milliseconds limit = patience);
  /// Waits for its end: the exit status, or 128 and the signal; no value when
  /// `limit` passed.
  std::optional<int> wait(Milliseconds limit = patience);
  bool running();
  void signal(int number) const;

  void write(std::string_view text);
  void close_input();
  /// Reads no more of its standard output, as a client that leaves.
  void close_output();

  /// What it has written so far.
  const std::string& out() const;
  const std::string& err() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

struct Ran {
  int status = -1;  ///< -1: it did not end in time, and was killed
  std::string out;
  std::string err;
};

/// Runs a program to its end.
Ran run(Command command, Milliseconds limit = patience);

/// The path of a tool from PATH or a folder of servers; empty when it is not
/// installed.
std::string find_tool(const std::string& name);

}  // namespace decant::test
