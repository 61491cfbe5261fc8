// SPDX-License-Identifier: MIT
// FastCGI by libfcgi, `--engine libfcgi`.
#pragma once

#include <memory>

#include "decant/server/fastcgi/codec.hpp"
#include "decant/service/listen/listener.hpp"
#include "decant/service/loop/loop.hpp"
#include "decant/service/request/served_request.hpp"

namespace decant::fastcgi {

/// Prepares the library, which installs signal handlers: call it before one's
/// own are installed. Throws Error.
void prepare_libfcgi();

/// What has libfcgi write the records of responses and read those of bodies.
/// One per thread; borrows `observer`, which may be null.
std::unique_ptr<service::Protocol> make_libfcgi(const service::Served& served,
                                                std::unique_ptr<Codec> codec,
                                                service::Observer* observer);

/// The library trusts its peers. Throws UsageError for a socket that others can
/// reach.
void require_trusted_peer(const service::Listener& listener);

}  // namespace decant::fastcgi
