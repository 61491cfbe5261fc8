// SPDX-License-Identifier: MIT
// The server side for SCGI: nginx scgi_pass, Apache mod_proxy_scgi, lighttpd
// mod_scgi.
#pragma once

#include <string>

#include "decant/service/door.hpp"

namespace decant::scgi {

/// A door at which SCGI is spoken, for service::serve().
service::Door on(std::string endpoint);

}  // namespace decant::scgi
