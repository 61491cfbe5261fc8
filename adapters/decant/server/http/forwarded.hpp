// SPDX-License-Identifier: MIT
// What proxies in front say of the client: X-Forwarded-* and Forwarded
// (RFC 7239). Believed only of peers that are named.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "decant/http/head.hpp"
#include "decant/service/listen/network.hpp"

namespace decant::http {

/// The peers whose word is taken.
class TrustedPeers {
 public:
  /// "10.0.0.0/8", "::1", or "unix" for whoever comes by a unix socket. Throws
  /// UsageError.
  void add(std::string_view text);
  bool empty() const noexcept { return networks_.empty() && !unix_; }
  bool contains(const sockaddr* peer) const noexcept;

 private:
  std::vector<service::Network> networks_;
  bool unix_ = false;
};

/// What they say; empty where they say nothing usable.
struct Forwarded {
  std::string address;  ///< of the client: the rightmost that nobody trusts
  std::string scheme;   ///< "http" or "https"
  std::string_view host = {};
  std::string_view prefix =
      {};  ///< of the path: what stands before the application
};

/// Reads the fields of a request that came from a trusted peer.
Forwarded read_forwarded(const std::vector<Field>& fields,
                         const TrustedPeers& trusted);

}  // namespace decant::http
