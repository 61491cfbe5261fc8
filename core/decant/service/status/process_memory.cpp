// SPDX-License-Identifier: MIT
#include "decant/service/status/process_memory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

#include "decant/descriptor.hpp"
#include "decant/number.hpp"

namespace decant::service {
namespace {

/// The file whole; it is small. Empty when it cannot be read: opening
/// smaps_rollup may work where reading it does not.
std::string contents(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 4096> buffer{};
  while (file && text.size() < 16 * buffer.size()) {
    const ssize_t got = read_some(file.get(), buffer);
    if (got < 0) return {};
    if (got == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

/// The next word of `text`, which is removed; empty at the end.
std::string_view take_word(std::string_view& text) {
  constexpr std::string_view blanks = " \t\n";
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(blanks));
  text.remove_prefix(word.size());
  return word;
}

}  // namespace

std::optional<ProcessMemory> parse_smaps_rollup(std::string_view text) {
  // Lines such as "Private_Dirty:       1056 kB".
  ProcessMemory memory;
  bool found = false;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::string_view name = take_word(line);
    const auto kilobytes = parse_number<std::uint32_t>(take_word(line));
    if (!kilobytes) continue;
    const std::uint64_t bytes = std::uint64_t{*kilobytes} * 1024;
    if (name == "Rss:") {
      memory.resident = bytes;
      found = true;
    } else if (name == "Private_Clean:" || name == "Private_Dirty:") {
      memory.private_bytes += bytes;
    }
  }
  return found ? std::optional(memory) : std::nullopt;
}

std::optional<ProcessMemory> parse_statm(std::string_view text,
                                         std::uint64_t page_size) {
  // Pages: "SIZE RESIDENT SHARED ..."
  take_word(text);
  const auto resident = parse_number<std::uint64_t>(take_word(text));
  const auto shared = parse_number<std::uint64_t>(take_word(text));
  if (!resident || !shared || *shared > *resident) return std::nullopt;
  return ProcessMemory{*resident * page_size,
                       (*resident - *shared) * page_size};
}

std::optional<ProcessMemory> read_process_memory(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  if (auto memory = parse_smaps_rollup(contents(folder + "/smaps_rollup"))) {
    return memory;
  }
  static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return parse_statm(contents(folder + "/statm"), page);
}

}  // namespace decant::service
