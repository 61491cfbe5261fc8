// SPDX-License-Identifier: MIT
#include "decant/service/listen/network.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

#include "decant/error.hpp"
#include "decant/number.hpp"
#include "decant/text.hpp"

namespace decant::service {
namespace {

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw UsageError("endpoint: " + quoted(text) + ' ' + why);
}

using Bits = std::array<std::uint8_t, 16>;

constexpr Bits v4_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

bool is_v4(const Bits& bits) noexcept {
  return std::equal(bits.begin(), bits.begin() + 12, v4_prefix.begin());
}

/// An internet address with IPv4 as ::ffff:a.b.c.d; none for other families.
std::optional<Bits> bits_of(const sockaddr* address) noexcept {
  Bits bits = v4_prefix;
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    std::memcpy(bits.data() + 12, &v4.sin_addr, 4);
    return bits;
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    std::memcpy(bits.data(), &v6.sin6_addr, bits.size());
    return bits;
  }
  return std::nullopt;
}

}  // namespace

bool is_loopback(const sockaddr* address) noexcept {
  const auto bits = bits_of(address);
  if (!bits) return false;
  constexpr Bits v6_loopback = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return is_v4(*bits) ? (*bits)[12] == 127 : *bits == v6_loopback;
}

Network Network::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  Network network;
  unsigned most = 128;
  network.bits_ = v4_prefix;
  if (::inet_pton(AF_INET, address.c_str(), network.bits_.data() + 12) == 1) {
    most = 32;
  } else if (::inet_pton(AF_INET6, address.c_str(), network.bits_.data()) !=
             1) {
    refuse(text, "is no network; write 10.0.0.0/8, fd00::/8 or 192.0.2.1");
  }
  auto prefix = std::optional<unsigned>(most);
  if (slash != std::string_view::npos) {
    prefix = parse_number<unsigned>(text.substr(slash + 1));
  }
  if (!prefix || *prefix > most) {
    refuse(text, "has no prefix length between 0 and " + std::to_string(most) +
                     " after its slash");
  }
  network.prefix_ = 128 - most + *prefix;
  return network;
}

bool Network::contains(const sockaddr* address) const noexcept {
  const auto bits = bits_of(address);
  if (!bits || is_v4(*bits) != is_v4(bits_)) return false;
  const unsigned whole = prefix_ / 8;
  if (!std::equal(bits_.begin(), bits_.begin() + whole, bits->begin())) {
    return false;
  }
  if (whole == bits_.size()) return true;
  const unsigned difference = bits_[whole] ^ (*bits)[whole];
  return difference >> (8 - prefix_ % 8) == 0;
}

}  // namespace decant::service
