// SPDX-License-Identifier: MIT
#include "decant/server/http/proxy_protocol.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

namespace decant::http {
namespace {

using State = ProxyScan::State;

constexpr ProxyScan malformed{.state = State::malformed};
/// Of a version 1 line, with its CRLF.
constexpr std::size_t longest_line = 107;
constexpr std::string_view signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t fixed_size = 16;
/// Addresses of a unix socket take 216 bytes; the rest is for TLVs, which are
/// skipped.
constexpr std::size_t largest_rest = 4096;

/// 0 to 65535 without sign or leading zeros.
std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, port);
  const bool canonical = text == "0" || !text.starts_with('0');
  if (text.empty() || error != std::errc{} || end != last || !canonical) {
    return std::nullopt;
  }
  return port;
}

struct Word {
  std::string_view rest;
  std::string_view take() {
    const std::size_t space = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, space);
    rest.remove_prefix(std::min(space + 1, rest.size()));
    return word;
  }
};

bool is_address(int family, std::string_view text, void* address) {
  return ::inet_pton(family, std::string(text).c_str(), address) == 1;
}

/// "PROXY TCP4 SOURCE DESTINATION SOURCE_PORT DESTINATION_PORT".
bool take_line(std::string_view line, service::SocketAddress& peer) {
  const auto spaces = std::count(line.begin(), line.end(), ' ');
  Word words{line};
  words.take();  // "PROXY"
  const std::string_view family = words.take();
  if (family == "UNKNOWN") return true;
  const bool v6 = family == "TCP6";
  if ((!v6 && family != "TCP4") || spaces != 5) return false;
  sockaddr_in6 source6{};
  sockaddr_in source4{};
  in6_addr other{};
  source6.sin6_family = AF_INET6;
  source4.sin_family = AF_INET;
  const int kind = v6 ? AF_INET6 : AF_INET;
  void* const address =
      v6 ? static_cast<void*>(&source6.sin6_addr) : &source4.sin_addr;
  if (!is_address(kind, words.take(), address) ||
      !is_address(kind, words.take(), &other)) {
    return false;
  }
  const auto source_port = parse_port(words.take());
  const auto other_port = parse_port(words.take());
  if (!source_port || !other_port) return false;
  source6.sin6_port = source4.sin_port = htons(*source_port);
  if (v6) {
    peer.set(reinterpret_cast<const sockaddr*>(&source6), sizeof source6);
  } else {
    peer.set(reinterpret_cast<const sockaddr*>(&source4), sizeof source4);
  }
  return true;
}

ProxyScan scan_line(std::string_view bytes, service::SocketAddress& peer) {
  const std::string_view seen = bytes.substr(0, longest_line);
  const std::size_t end = seen.find('\n');
  if (end == std::string_view::npos) {
    return seen.size() == longest_line ? malformed : ProxyScan{};
  }
  if (seen[end - 1] != '\r' || !take_line(seen.substr(0, end - 1), peer)) {
    return malformed;
  }
  return {.state = State::complete, .size = end + 1};
}

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

/// The source of a PROXY command; false where the address does not fit.
bool take_source(std::uint8_t family, std::string_view rest,
                 service::SocketAddress& peer) {
  if (family == 0x11) {  // TCP over IPv4
    if (rest.size() < 12) return false;
    sockaddr_in source{};
    source.sin_family = AF_INET;
    std::memcpy(&source.sin_addr, rest.data(), 4);
    std::memcpy(&source.sin_port, rest.data() + 8, 2);
    peer.set(reinterpret_cast<const sockaddr*>(&source), sizeof source);
    return true;
  }
  if (family == 0x21) {  // TCP over IPv6
    if (rest.size() < 36) return false;
    sockaddr_in6 source{};
    source.sin6_family = AF_INET6;
    std::memcpy(&source.sin6_addr, rest.data(), 16);
    std::memcpy(&source.sin6_port, rest.data() + 32, 2);
    peer.set(reinterpret_cast<const sockaddr*>(&source), sizeof source);
    return true;
  }
  return family == 0;  // UNSPEC: the proxy does not know
}

ProxyScan scan_binary(std::string_view bytes, service::SocketAddress& peer) {
  if (bytes.size() < fixed_size) return {};
  const std::uint8_t command = byte_at(bytes, 12);
  const std::size_t size =
      (std::size_t{byte_at(bytes, 14)} << 8U) + byte_at(bytes, 15);
  if (command != 0x20 && command != 0x21) return malformed;
  if (size > largest_rest) return malformed;
  if (bytes.size() < fixed_size + size) return {};
  const bool local = command == 0x20;
  if (!local &&
      !take_source(byte_at(bytes, 13), bytes.substr(fixed_size, size), peer)) {
    return malformed;
  }
  return {.state = State::complete, .size = fixed_size + size};
}

bool begins_like(std::string_view bytes, std::string_view with) {
  const std::size_t size = std::min(bytes.size(), with.size());
  return bytes.substr(0, size) == with.substr(0, size);
}

}  // namespace

ProxyScan scan_proxy_header(std::string_view bytes,
                            service::SocketAddress& peer) {
  constexpr std::string_view text = "PROXY ";
  if (begins_like(bytes, text)) {
    return bytes.size() < text.size() ? ProxyScan{} : scan_line(bytes, peer);
  }
  if (!begins_like(bytes, signature)) return malformed;
  return scan_binary(bytes, peer);
}

}  // namespace decant::http
