// SPDX-License-Identifier: MIT
// Executable files that a test writes.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "support/temporary_directory.hpp"

namespace decant::test {

/// Writes an executable file and gives its path.
inline std::string write_program(const TemporaryDirectory& directory,
                                 std::string_view name, std::string_view text) {
  const std::string path = directory.write(name, text);
  std::filesystem::permissions(path, std::filesystem::perms(0755));
  return path;
}

/// The same for a shell script, given without its first line.
inline std::string write_script(const TemporaryDirectory& directory,
                                std::string_view name, std::string_view text) {
  return write_program(directory, name, "#!/bin/sh\n" + std::string(text));
}

/// What a shell script prints for a response of text.
inline constexpr std::string_view text_head =
    "printf 'Content-Type: text/plain\\n\\n'\n";

}  // namespace decant::test
