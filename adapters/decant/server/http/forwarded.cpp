// SPDX-License-Identifier: MIT
#include "decant/server/http/forwarded.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "decant/cgi_variables.hpp"
#include "decant/error.hpp"
#include "decant/headers.hpp"
#include "decant/http/lists.hpp"
#include "decant/text.hpp"

namespace decant::http {
namespace {

constexpr std::size_t longest_address = 64;

std::string_view unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text.remove_prefix(1);
    text.remove_suffix(1);
  }
  return text;
}

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

/// An address as text and as the kernel has it.
struct Address {
  std::string text;
  sockaddr_storage storage{};
  const sockaddr* get() const {
    return reinterpret_cast<const sockaddr*>(&storage);
  }
};

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

/// Elements of all lines, the last line's last one first.
std::vector<std::string_view> elements(const std::vector<Field>& fields,
                                       std::string_view name) {
  std::vector<std::string_view> all;
  for (const Field& field : fields) {
    if (field.name != name) continue;
    std::string_view rest = field.value;
    for (;;) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      // An empty element is one that cannot be read.
      all.push_back(trimmed(rest.substr(0, comma)));
      if (comma == rest.size()) break;
      rest.remove_prefix(comma + 1);
    }
  }
  std::reverse(all.begin(), all.end());
  return all;
}

/// The first address from the right that nobody trusts; the leftmost trusted
/// one where all are, or where one cannot be read.
std::string client_of(const std::vector<std::string_view>& addresses,
                      const TrustedPeers& trusted) {
  std::string last;
  for (const std::string_view text : addresses) {
    const auto address = parse_address(text);
    if (!address) break;
    last = address->text;
    if (!trusted.contains(address->get())) break;
  }
  return last;
}

std::string scheme_of(std::string_view text) {
  for (const char* const scheme : {"http", "https"}) {
    if (equals_ignoring_case(text, scheme)) return scheme;
  }
  return {};
}

std::string_view host_of(std::string_view text) {
  return cgi_variables::is_host(text) ? text : std::string_view{};
}

/// "/app": no second slash, which would make a browser read a host in it.
std::string_view prefix_of(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  const bool usable =
      text.starts_with('/') && !text.starts_with("//") &&
      text.find_first_of(" \t?#%\\\"") == std::string_view::npos;
  return usable ? text : std::string_view{};
}

/// The value of a parameter of a Forwarded element.
std::string_view parameter(std::string_view element, std::string_view name) {
  while (!element.empty()) {
    const std::size_t end = std::min(element.find(';'), element.size());
    const std::string_view pair = trimmed(element.substr(0, end));
    element.remove_prefix(std::min(end + 1, element.size()));
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos &&
        equals_ignoring_case(pair.substr(0, equals), name)) {
      return unquoted(pair.substr(equals + 1));
    }
  }
  return {};
}

Forwarded read_standard(const std::vector<Field>& fields,
                        const TrustedPeers& trusted) {
  const auto all = elements(fields, "HTTP_FORWARDED");
  if (all.empty()) return {};
  std::vector<std::string_view> addresses;
  addresses.reserve(all.size());
  for (const std::string_view element : all) {
    addresses.push_back(parameter(element, "for"));
  }
  return {.address = client_of(addresses, trusted),
          .scheme = scheme_of(parameter(all.front(), "proto")),
          .host = host_of(parameter(all.front(), "host"))};
}

}  // namespace

void TrustedPeers::add(std::string_view text) {
  if (text == "unix") {
    unix_ = true;
    return;
  }
  try {
    networks_.push_back(service::Network::parse(text));
  } catch (const UsageError&) {
    throw UsageError("--forwarded-allow: " + decant::quoted(text) +
                     " is no address; give one as 127.0.0.1, a range as "
                     "10.0.0.0/8, or unix");
  }
}

bool TrustedPeers::contains(const sockaddr* peer) const noexcept {
  if (peer->sa_family == AF_UNIX) return unix_;
  return std::any_of(
      networks_.begin(), networks_.end(),
      [peer](const service::Network& it) { return it.contains(peer); });
}

Forwarded read_forwarded(const std::vector<Field>& fields,
                         const TrustedPeers& trusted) {
  const auto nearest = [&](std::string_view name) {
    const auto all = elements(fields, name);
    return all.empty() ? std::string_view{} : all.front();
  };
  const bool has_common =
      std::any_of(fields.begin(), fields.end(), [](const Field& field) {
        return field.name.starts_with("HTTP_X_FORWARDED_");
      });
  if (!has_common) return read_standard(fields, trusted);
  return {
      .address = client_of(elements(fields, "HTTP_X_FORWARDED_FOR"), trusted),
      .scheme = scheme_of(nearest("HTTP_X_FORWARDED_PROTO")),
      .host = host_of(nearest("HTTP_X_FORWARDED_HOST")),
      .prefix = prefix_of(nearest("HTTP_X_FORWARDED_PREFIX"))};
}

}  // namespace decant::http
