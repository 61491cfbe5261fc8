// SPDX-License-Identifier: MIT
#include "decant/cgi_streams.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>

#include "decant/cgi_response.hpp"
#include "decant/descriptor.hpp"
#include "decant/error.hpp"

namespace decant {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t most_drained = 64 << 20;
constexpr std::chrono::seconds drain_time{2};

/// Bytes of an announced body that a web server may still be writing. Where
/// none was announced nobody writes, and a wait would be for nothing.
std::uint64_t left_of_body(const Variables& variables, std::uint64_t consumed) {
  try {
    const auto length = normaliser::body_length(
        variables, normaliser::Framing::content_length, {});
    if (!length) return most_drained;  // chunked: to the end of the input
    return std::min(most_drained, *length - std::min(*length, consumed));
  } catch (const GatewayError&) {  // a length that is no number
    return 0;
  }
}

void drain(int fd, std::uint64_t left) {
  if (::isatty(fd) == 1) return;
  std::array<char, 65536> buffer;
  const auto end = Clock::now() + drain_time;
  while (left > 0) {
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - Clock::now());
    pollfd poll{fd, POLLIN, 0};
    if (time.count() <= 0 ||
        ::poll(&poll, 1, static_cast<int>(time.count())) <= 0) {
      return;
    }
    const ssize_t got = read_some(fd, buffer);
    if (got <= 0) return;
    left -= std::min(left, static_cast<std::uint64_t>(got));
  }
}

}  // namespace

std::size_t DescriptorSource::read(std::span<char> buffer) {
  const ssize_t got = read_some(fd_, buffer);
  if (got < 0) {
    throw ClientGone(std::string("input: the request body cannot be read: ") +
                     std::strerror(errno));
  }
  consumed_ += static_cast<std::uint64_t>(got);
  return static_cast<std::size_t>(got);
}

bool DescriptorSource::ready() {
  pollfd poll{fd_, POLLIN, 0};
  return ::poll(&poll, 1, 0) != 0;
}

void DescriptorSink::write(std::string_view lines) noexcept {
  write_all(fd_, lines);  // there is nobody to tell that nobody listens
}

void DescriptorOutput::write(std::span<iovec> parts) {
  if (!gone_ && write_all(fd_, parts)) return;
  if (!gone_ && errno != EPIPE && errno != ECONNRESET) error_ = errno;
  gone_ = true;
  throw ClientGone("output: the reader of the response has closed it");
}

bool tell_of_write_error(ErrorSink& errors, int error) noexcept {
  if (error == 0) return false;
  errors.complain(std::string("the response could not be written: ") +
                  std::strerror(error));
  return true;
}

void DescriptorOutput::start(const ResponseHead& head, std::string_view chunk,
                             bool) {
  std::string text;
  write_head(text, head);
  std::array<iovec, 2> parts = {as_iovec(text), as_iovec(chunk)};
  write(parts);
}

void DescriptorOutput::send(std::string_view chunk, bool) {
  iovec part = as_iovec(chunk);
  write(std::span(&part, 1));
}

void drain_body(int fd, const Variables& variables, std::uint64_t consumed) {
  drain(fd, left_of_body(variables, consumed));
}

void CgiOutput::write_head(std::string& out, const ResponseHead& head) {
  cgi_response::write_head(out, head.status, head.headers);
}

}  // namespace decant
