// SPDX-License-Identifier: MIT
// A service: it opens its doors and serves an application there, by processes
// and threads, until it is told to stop.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "decant/application.hpp"
#include "decant/service/door.hpp"
#include "decant/service/options.hpp"

namespace decant::service {

/// Opens the doors and serves until TERM or INT. Each process that serves loads
/// the application by itself, before it serves. Gives the exit status: 3 when
/// the application cannot be loaded, which the log says. Throws UsageError for
/// an endpoint that is none and without any, Error when one cannot be opened:
/// in use, not allowed. `name` stands in front of lines of the log. With
/// processes, `signal` is set to the signal that ended it, if any did; it may
/// be null.
int serve(const Loader& load, const std::vector<Door>& doors,
          const Options& options, const std::string& name,
          int* signal = nullptr);
/// The same for an application that is there. With its first door's protocol
/// for a name.
int serve(const Application& application, const std::vector<Door>& doors,
          const Options& options = {});

/// A door for each endpoint, as `on` makes it; without endpoints one for the
/// sockets that were passed.
std::vector<Door> doors_at(const std::vector<std::string>& endpoints,
                           const std::function<Door(std::string)>& on);

/// True when one of the doors has an endpoint, or a socket was passed.
bool has_endpoint(const std::vector<Door>& doors);

}  // namespace decant::service
