// SPDX-License-Identifier: MIT
// A pipe whose ends are owned.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>

#include "decant/descriptor.hpp"

namespace decant::test {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
      throw std::runtime_error("test: pipe2 failed");
    }
    read.reset(ends[0]);
    write.reset(ends[1]);
  }

  Descriptor read;
  Descriptor write;
};

/// Everything from `fd` to its end.
inline std::string read_to_end(int fd) {
  std::string all;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t got = read_some(fd, buffer);
    if (got <= 0) return all;
    all.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace decant::test
