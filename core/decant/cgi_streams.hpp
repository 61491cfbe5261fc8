// SPDX-License-Identifier: MIT
// The input, output and errors of an exchange over plain descriptors, with a
// CGI head (RFC 3875 sections 4.2 and 6).
#pragma once

#include <cstdint>
#include <string>

#include "decant/gateway.hpp"

namespace decant {

/// A request body from a descriptor.
class DescriptorSource final : public InputSource {
 public:
  /// Borrows `fd`.
  explicit DescriptorSource(int fd) noexcept : fd_(fd) {}
  std::size_t read(std::span<char> buffer) override;
  bool ready() override;
  int descriptor() const noexcept override { return fd_; }
  /// Bytes that have been read.
  std::uint64_t consumed() const noexcept { return consumed_; }

 private:
  int fd_;
  std::uint64_t consumed_ = 0;
};

/// Complaints to a descriptor.
class DescriptorSink final : public ErrorSink {
 public:
  /// Borrows `fd`.
  explicit DescriptorSink(int fd) noexcept : fd_(fd) {}
  void write(std::string_view lines) noexcept override;

 private:
  int fd_;
};

/// A response to a descriptor: the head and the first chunk in one write.
class DescriptorOutput : public Output {
 public:
  /// Borrows `fd`.
  explicit DescriptorOutput(int fd) noexcept : fd_(fd) {}
  void start(const ResponseHead& head, std::string_view chunk,
             bool last) override;
  void send(std::string_view chunk, bool last) override;
  int connection() const noexcept override { return fd_; }
  void exit_status(int status) noexcept override { failed_ = status != 0; }
  /// The application is a process and has failed.
  bool failed() const noexcept { return failed_; }
  /// Why it could not be written: an errno; 0 when it could, or when nobody is
  /// left to read it.
  int error() const noexcept { return error_; }

 private:
  /// Appends the head to `out` in the form that this output has.
  virtual void write_head(std::string& out, const ResponseHead& head) = 0;
  void write(std::span<iovec> parts);

  int fd_;
  bool gone_ = false;
  bool failed_ = false;
  int error_ = 0;
};

/// Reads what the application, which has `consumed` so many bytes, left of a
/// request body: Apache's mod_cgid loses the response when its write of the
/// body fails. Takes no more than 2 seconds and 64 MiB.
void drain_body(int fd, const Variables& variables, std::uint64_t consumed);

/// Says on `errors` that a response could not be written. True when there was
/// an `error` to tell of.
bool tell_of_write_error(ErrorSink& errors, int error) noexcept;

/// A CGI response.
class CgiOutput final : public DescriptorOutput {
 public:
  using DescriptorOutput::DescriptorOutput;

 private:
  void write_head(std::string& out, const ResponseHead& head) override;
};

}  // namespace decant
