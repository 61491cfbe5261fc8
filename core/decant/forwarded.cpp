// SPDX-License-Identifier: MIT
#include "decant/forwarded.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "decant/cgi_variables.hpp"
#include "decant/headers.hpp"

namespace decant::forwarded {
namespace {

constexpr std::size_t longest_address = 64;

/// "192.0.2.1" of "192.0.2.1:80", "::1" of "[::1]:80" and of "::1".
std::string_view without_port(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    return end == std::string_view::npos ? std::string_view{}
                                         : text.substr(1, end - 1);
  }
  const bool has_port = std::count(text.begin(), text.end(), ':') == 1;
  return has_port ? text.substr(0, text.find(':')) : text;
}

}  // namespace

std::string_view unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text.remove_prefix(1);
    text.remove_suffix(1);
  }
  return text;
}

std::optional<Address> parse_address(std::string_view text) {
  text = without_port(unquoted(text));
  if (text.empty() || text.size() > longest_address) return std::nullopt;
  Address address{.text = std::string(text)};
  sockaddr_in v4{};
  if (::inet_pton(AF_INET, address.text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    std::memcpy(&address.storage, &v4, sizeof v4);
    return address;
  }
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET6, address.text.c_str(), &v6.sin6_addr) != 1) {
    return std::nullopt;
  }
  v6.sin6_family = AF_INET6;
  std::memcpy(&address.storage, &v6, sizeof v6);
  std::array<char, INET6_ADDRSTRLEN> canonical{};
  const char* const shown =
      ::inet_ntop(AF_INET6, &v6.sin6_addr, canonical.data(), canonical.size());
  if (shown != nullptr) address.text = shown;
  return address;
}

std::string parse_scheme(std::string_view text) {
  for (const char* const scheme : {"http", "https"}) {
    if (equals_ignoring_case(text, scheme)) return scheme;
  }
  return {};
}

std::string_view parse_host(std::string_view text) {
  return cgi_variables::is_host(text) ? text : std::string_view{};
}

std::string_view parse_prefix(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  const bool usable =
      text.starts_with('/') && !text.starts_with("//") &&
      text.find_first_of(" \t?#%\\\"") == std::string_view::npos;
  return usable ? text : std::string_view{};
}

}  // namespace decant::forwarded
