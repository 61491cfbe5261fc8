// SPDX-License-Identifier: MIT
// Conditional requests, and which coding a client wants (RFC 9110 sections 13
// and 12.5.3).
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "decant/environ.hpp"

namespace decant {

/// What a representation is told apart by.
struct Validators {
  /// With its quotes, as "\"1a\"" or "W/\"1a\""; empty where there is none.
  std::string etag = {};
  /// Seconds since the epoch.
  std::optional<std::time_t> modified = {};
};

/// The entity tags of a list, each with its quotes and its "W/", in which
/// commas may stand (RFC 9110 section 8.8.3); up to what is none. "*" gives
/// none.
std::vector<std::string_view> parse_etags(std::string_view list);

/// 200 when the request is to be answered, 304 when its sender has what it asks
/// for, 412 when it wants nothing else (RFC 9110 section 13.2.2). For GET and
/// HEAD.
int check_preconditions(const Environ& env, const Validators& validators);

/// How much a content coding, as "gzip", is wanted by the value of
/// Accept-Encoding, from 0, not at all, to 1000 (RFC 9110 section 12.5.3). "*"
/// stands for those that are not named; "identity" is wanted, and comes last,
/// unless one of both refuses it. An empty value wants no other: what is
/// missing is taken for that, since whoever says nothing may not decode
/// anything.
int quality_of_coding(std::string_view accept_encoding,
                      std::string_view coding);

}  // namespace decant
