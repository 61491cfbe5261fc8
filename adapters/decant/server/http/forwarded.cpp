// SPDX-License-Identifier: MIT
#include "decant/server/http/forwarded.hpp"

#include <algorithm>

#include "decant/error.hpp"
#include "decant/forwarded.hpp"
#include "decant/headers.hpp"
#include "decant/http/lists.hpp"
#include "decant/text.hpp"

namespace decant::http {

using forwarded::parse_address;
using forwarded::parse_host;
using forwarded::parse_prefix;
using forwarded::parse_scheme;
using forwarded::unquoted;

namespace {

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
          .scheme = parse_scheme(parameter(all.front(), "proto")),
          .host = parse_host(parameter(all.front(), "host"))};
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
      .scheme = parse_scheme(nearest("HTTP_X_FORWARDED_PROTO")),
      .host = parse_host(nearest("HTTP_X_FORWARDED_HOST")),
      .prefix = parse_prefix(nearest("HTTP_X_FORWARDED_PREFIX"))};
}

}  // namespace decant::http
