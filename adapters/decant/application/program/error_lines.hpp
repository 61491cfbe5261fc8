// SPDX-License-Identifier: MIT
// What a program writes to its standard error, on its way to a log.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "decant/streams.hpp"

namespace decant::program {

/// Makes lines of it, each with the name of the program in front. A line that
/// never ends is logged in pieces.
class ErrorLines {
 public:
  explicit ErrorLines(std::string name) : name_(std::move(name)) {}

  /// "a[123]"
  const std::string& name() const noexcept { return name_; }
  void add(std::string_view text, ErrorStream& log);
  /// Logs a line that was not ended.
  void finish(ErrorStream& log);

 private:
  void flush(ErrorStream& log);

  std::string name_;
  std::string line_;
};

/// "exited with status 1", "was ended by signal 9 (Killed)", of a status as
/// wait(2) has it.
std::string end_in_words(int status);
/// Of a program whose response is over, and that is ended after `time`.
std::string silence_in_words(std::chrono::seconds time);

}  // namespace decant::program
