// SPDX-License-Identifier: MIT
// The memory of a process, as the kernel tells it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace decant::service {

struct ProcessMemory {
  std::uint64_t resident = 0;       ///< bytes in RAM, shared ones included
  std::uint64_t private_bytes = 0;  ///< bytes in RAM that nobody else maps

  bool operator==(const ProcessMemory&) const = default;
};

/// From proc(5): /proc/PID/smaps_rollup, or /proc/PID/statm where that may not
/// be read, which takes what no file backs for private. No value when there is
/// no such process.
std::optional<ProcessMemory> read_process_memory(pid_t pid);

/// The two texts of the kernel; no value for what is none.
std::optional<ProcessMemory> parse_smaps_rollup(std::string_view text);
std::optional<ProcessMemory> parse_statm(std::string_view text,
                                         std::uint64_t page_size);

}  // namespace decant::service
