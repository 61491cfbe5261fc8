// SPDX-License-Identifier: MIT
// What is handed over to a warm worker, and what that says of itself.
#include <string>

#include "decant/server/warm/handover.hpp"
#include "target.hpp"

using namespace decant;

namespace {

void check_message(std::string_view bytes) {
  const auto message = warm::decode(bytes);
  if (!message) return;
  std::string again;
  fuzz::require(warm::encode(again, *message), "what was read is too large");
  fuzz::require(again == bytes, "a message is written in two ways");
  Variables variables;
  warm::take_variables(message->environment, variables);
  for (const auto& [name, value] : variables) {
    fuzz::require(!name.empty(), "a variable without a name");
    fuzz::require(name.find_first_of(std::string_view("=\0", 2)) == name.npos,
                  "a name with more than a name in it");
    fuzz::require(value.find('\0') == value.npos, "a NUL in a value");
  }
}

void check_report(std::string_view bytes) {
  const auto report = warm::decode_report(bytes);
  if (!report) return;
  const auto again = warm::decode_report(warm::encode_report(*report));
  fuzz::require(again && again->pid == report->pid &&
                    again->requests == report->requests &&
                    again->seconds == report->seconds &&
                    again->app == report->app,
                "a report is not what was written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  check_message(bytes);
  check_report(bytes);
  if (const auto status = warm::decode_exit(bytes)) {
    fuzz::require(*status >= 0 && *status < 256, "no exit status");
  }
  return 0;
}
