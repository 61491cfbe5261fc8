// SPDX-License-Identifier: MIT
// The header that a proxy sends in front of a connection to say whose it is:
// the PROXY protocol, versions 1 and 2, as HAProxy describes it.
#pragma once

#include <cstddef>
#include <string_view>

#include "decant/service/loop/connection.hpp"

namespace decant::http {

struct ProxyScan {
  enum class State { incomplete, complete, malformed };
  State state = State::incomplete;
  std::size_t size = 0;  ///< of a complete header
};

/// Looks at the front of `bytes`. With a complete header `peer` is whom it
/// names; LOCAL and UNKNOWN leave it as it is.
ProxyScan scan_proxy_header(std::string_view bytes,
                            service::SocketAddress& peer);

}  // namespace decant::http
