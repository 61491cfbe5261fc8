// SPDX-License-Identifier: MIT
// What a CGI program and the worker that serves its request say to each other:
// bytes in, bytes out, no I/O. Each is one message of a SOCK_SEQPACKET socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "decant/variables.hpp"

namespace decant::warm {

/// Largest message in bytes: what Linux takes in one piece by default, and the
/// arguments and environment of most programs.
inline constexpr std::size_t most_message = std::size_t{192} * 1024;

/// Descriptors that go along with a request: its standard input, output and
/// error. They lie in a socket of their own, from which a single message is to
/// be taken: the worker, which is sent that socket, takes it when it begins to
/// serve, or the caller, which keeps a copy, when it has waited in vain. So a
/// request is served once, and nobody who is late holds what it is served with.
inline constexpr int descriptors_sent = 3;

/// How long a caller waits until its request is taken.
inline constexpr int patience_ms = 50;

enum class Kind : std::uint8_t {
  request = 'R',  ///< a request, with its descriptors
  status = 'Q',   ///< asks what the worker does
  stop = 'X',     ///< asks it to end
};

/// Whose worker is spoken to, and the variables of the request.
struct HandOver {
  Kind kind = Kind::request;
  std::string_view identity = {};
  std::string_view environment = {};  ///< "NAME=VALUE" with a NUL behind each
};

/// Appends a message. False, with nothing said, when it is too large.
bool encode(std::string& out, const HandOver& message);
/// The message in `bytes`, as views into it; no value when it is none of this
/// version.
std::optional<HandOver> decode(std::string_view bytes);

/// The variables of an environment, as views into it. What has no name is left
/// out.
void take_variables(std::string_view environment, Variables& variables);

/// What a worker answers a request with in the end: its exit status.
std::string encode_exit(int status);
std::optional<int> decode_exit(std::string_view bytes);

/// What a worker says of itself.
struct Report {
  std::uint64_t pid = 0;
  std::uint64_t requests = 0;
  std::uint64_t seconds = 0;  ///< since it has begun
  std::string app;
};
std::string encode_report(const Report& report);
std::optional<Report> decode_report(std::string_view bytes);

}  // namespace decant::warm
