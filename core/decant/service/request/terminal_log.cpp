// SPDX-License-Identifier: MIT
#include "decant/service/request/terminal_log.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "decant/normaliser.hpp"
#include "decant/service/log/log.hpp"
#include "decant/text.hpp"

namespace decant::service {
namespace {

constexpr std::size_t most_of_target = 1000;
constexpr std::string_view plain = "\x1b[0m";

/// By its class: green, cyan, yellow, red.
std::string_view colour_of(int status) {
  switch (status / 100) {
    case 2:
      return "\x1b[32m";
    case 3:
      return "\x1b[36m";
    case 4:
      return "\x1b[33m";
    case 5:
      return "\x1b[31m";
    default:
      return "";
  }
}

class TerminalLog final : public Observer {
 public:
  explicit TerminalLog(bool has_colour) : has_colour_(has_colour) {}

  void begin(const RequestRecord&) noexcept override {}
  void end(const RequestRecord& record) noexcept override {
    const auto [method, target] = normaliser::request_line(record.variables);
    try {
      line_.clear();
      append_terminal_line(line_, method, target, record.status, record.taken,
                           has_colour_);
      write_lines(STDERR_FILENO, line_);
    } catch (...) {  // no memory for a line
    }
  }

 private:
  bool has_colour_;
  std::string line_;
};

}  // namespace

void append_terminal_line(std::string& out, std::string_view method,
                          std::string_view target, int status,
                          std::chrono::nanoseconds taken, bool has_colour) {
  append_escaped(out, method.substr(0, most_of_target));
  out += ' ';
  append_escaped(out, target.substr(0, most_of_target));
  out += ' ';
  const std::string_view colour = has_colour ? colour_of(status) : "";
  out += colour;
  // Nobody was left to send one to.
  out += status == 0 ? "-" : std::to_string(status);
  if (!colour.empty()) out += plain;
  std::array<char, 32> time{};
  std::snprintf(time.data(), time.size(), " %.1f ms\n",
                static_cast<double>(taken.count()) / 1e6);
  out += time.data();
}

std::unique_ptr<Observer> make_terminal_log() {
  const char* const no_colour = std::getenv("NO_COLOR");  // no-color.org
  const bool is_wanted = no_colour == nullptr || *no_colour == '\0';
  return std::make_unique<TerminalLog>(is_wanted &&
                                       ::isatty(STDERR_FILENO) == 1);
}

}  // namespace decant::service
