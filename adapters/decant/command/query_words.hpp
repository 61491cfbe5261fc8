// SPDX-License-Identifier: MIT
// Command-line words that are not the owner's but the client's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace decant::command {

/// A web server may append the words of a query without '=' to the command
/// line of a CGI program (RFC 3875 section 4.4), where a client could pass
/// options (CVE-2012-1823). Gives `words` without those at its end that come
/// from `query`, as the web server wrote them: decoded, perhaps with
/// backslashes in front of what a shell minds.
std::vector<std::string> without_query_words(std::vector<std::string> words,
                                             std::string_view query);

}  // namespace decant::command
