// SPDX-License-Identifier: MIT
#include "decant/service/request/spool.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "decant/error.hpp"
#include "decant/temporary_file.hpp"

namespace decant::service {
namespace {

/// More goes to a file.
constexpr std::size_t most_memory = 256 << 10;

[[noreturn]] void fail(const char* what) {
  throw GatewayError(std::string("--spool: ") + what + ": " +
                         std::generic_category().message(errno) +
                         "; make room there, or set TMPDIR to another place",
                     503);
}

}  // namespace

void Spool::prepare(std::optional<std::uint64_t> length) {
  const std::uint64_t most = std::min(most_, length.value_or(most_));
  std::array<char, 65536> buffer;
  while (size_ < most && !ended_) {
    const std::size_t room =
        std::min<std::uint64_t>(buffer.size(), most - size_);
    const std::size_t got = source_.read(std::span(buffer).first(room));
    ended_ = got == 0;
    keep(std::span(buffer).first(got));
  }
}

void Spool::keep(std::span<const char> bytes) {
  if (memory_.size() + bytes.size() <= most_memory && !file_) {
    memory_.append(bytes.data(), bytes.size());
  } else {
    if (!file_) file_ = open_temporary_file();
    if (!file_) fail("a temporary file cannot be made");
    if (!write_all(file_.get(), {bytes.data(), bytes.size()})) {
      fail("the temporary file cannot be written");
    }
  }
  size_ += bytes.size();
}

bool Spool::ready() {
  return position_ < size_ || ended_ || source_.ready();
}

std::size_t Spool::read(std::span<char> buffer) {
  if (position_ == size_) {
    return ended_ ? 0 : source_.read(buffer);
  }
  std::size_t got = 0;
  if (position_ < memory_.size()) {
    got = memory_.copy(buffer.data(), buffer.size(),
                       static_cast<std::size_t>(position_));
  } else {
    const ssize_t count =
        read_at(file_.get(), buffer, position_ - memory_.size());
    if (count <= 0) fail("the temporary file cannot be read");
    got = static_cast<std::size_t>(count);
  }
  position_ += got;
  return got;
}

}  // namespace decant::service
