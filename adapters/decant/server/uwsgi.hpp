// SPDX-License-Identifier: MIT
// The server side for uwsgi, the protocol: nginx uwsgi_pass, Apache
// mod_proxy_uwsgi.
#pragma once

#include <string>

#include "decant/service/door.hpp"

namespace decant::uwsgi {

/// A door at which uwsgi is spoken, for service::serve().
service::Door on(std::string endpoint);

}  // namespace decant::uwsgi
