// SPDX-License-Identifier: MIT
// `decant status`: asks a running service what it does.
#pragma once

#include <string>
#include <vector>

namespace decant::command {

/// Parses the words after "status", asks the service and prints its answer on
/// standard output; with --watch until it is interrupted. Gives the exit
/// status. Throws UsageError for words that have no meaning and Error when the
/// service cannot be asked. `program` is the name for the help.
int show_status(const std::string& program, std::vector<std::string> words);

/// The body of GET `path` from a status endpoint, "unix:PATH" or "HOST:PORT".
/// A peer that is silent for five seconds is given up. Throws UsageError for
/// an endpoint that is none, Error for one that does not answer with 200.
std::string fetch_status(const std::string& endpoint, const std::string& path);

}  // namespace decant::command
