// SPDX-License-Identifier: MIT
// The server side for uwsgi, the protocol: nginx uwsgi_pass, Apache
// mod_proxy_uwsgi.
#pragma once

#include <string>
#include <vector>

#include "decant/service/service.hpp"

namespace decant::uwsgi {

/// A door at which uwsgi is spoken, for service::serve().
service::Door on(std::string endpoint);

struct Options : service::Options {
  /// An endpoint for each door; empty: the sockets that were passed.
  std::vector<std::string> listen;
};

/// service::serve() with doors of this protocol alone.
int serve(const Application& application, const Options& options);
int serve(const Loader& load, const Options& options);

}  // namespace decant::uwsgi
