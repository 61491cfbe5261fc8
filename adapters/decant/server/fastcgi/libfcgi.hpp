// SPDX-License-Identifier: MIT
// FastCGI by libfcgi, `--engine libfcgi`.
#pragma once

#include <memory>
#include <vector>

#include "decant/server/fastcgi/codec.hpp"
#include "decant/service/listener.hpp"
#include "decant/service/loop.hpp"
#include "decant/service/request/served_request.hpp"

namespace decant::fastcgi {

/// Prepares the library, which installs signal handlers: call it before one's
/// own are installed. Throws Error.
void prepare_libfcgi();

/// What has libfcgi write the records of responses and read those of bodies.
/// One per thread.
std::unique_ptr<service::Protocol> make_libfcgi(
    const service::Served& served, std::unique_ptr<Codec> codec,
    std::unique_ptr<service::Observer> observer);

/// The library trusts its peers. Throws UsageError for sockets that others can
/// reach.
void require_trusted_peers(const std::vector<service::Listener>& listeners);

}  // namespace decant::fastcgi
