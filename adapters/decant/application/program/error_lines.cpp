// SPDX-License-Identifier: MIT
#include "decant/application/program/error_lines.hpp"

#include <sys/wait.h>

#include <cstring>

namespace decant::program {
namespace {

constexpr std::size_t longest_line = 8192;

}  // namespace

void ErrorLines::add(std::string_view text, ErrorStream& log) {
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    line_ += text.substr(0, newline);
    const bool ended = newline != std::string_view::npos;
    if (ended || line_.size() >= longest_line) flush(log);
    if (!ended) return;
    text.remove_prefix(newline + 1);
  }
}

void ErrorLines::finish(ErrorStream& log) {
  if (!line_.empty()) flush(log);
}

void ErrorLines::flush(ErrorStream& log) {
  log.write(name_ + ": " + line_ + '\n');
  line_.clear();
}

std::string end_in_words(int status) {
  if (WIFEXITED(status)) {
    return "exited with status " + std::to_string(WEXITSTATUS(status));
  }
  return "was ended by signal " + std::to_string(WTERMSIG(status)) + " (" +
         ::strsignal(WTERMSIG(status)) + ')';
}

std::string silence_in_words(std::chrono::seconds time) {
  return "closed its output and did not exit for " +
         std::to_string(time.count()) +
         " seconds (--program-timeout); it is ended";
}

}  // namespace decant::program
