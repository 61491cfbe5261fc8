// SPDX-License-Identifier: MIT
// What a client would rather have (RFC 9110 section 12.5). Each gives how much
// an offer is wanted, from 0, not at all, to 1000.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "decant/preconditions.hpp"

namespace decant::web {

/// Of a media type, as "text/html" or "text/html;level=1", by the value of
/// Accept: the most specific range that fits it counts.
int type_quality(std::string_view accept, std::string_view offer);

/// Of a language, as "en" or "en-GB", by the value of Accept-Language: the
/// longest range that is the tag or begins it (RFC 4647 section 3.3.1); where
/// none does, one that the tag begins, so that "en" serves who asks for "en-US"
/// (section 3.4).
int language_quality(std::string_view accept_language, std::string_view offer);

/// Of a content coding, as "gzip", by the value of Accept-Encoding: what
/// quality_of_coding() says.
inline int encoding_quality(std::string_view accept_encoding,
                            std::string_view offer) {
  return quality_of_coding(accept_encoding, offer);
}

/// The offer that is wanted most, of equals the first; nothing when all are
/// refused. An empty `field` wants all alike.
std::optional<std::string_view> best_of(
    std::span<const std::string_view> offers, std::string_view field,
    int (*quality)(std::string_view, std::string_view));

}  // namespace decant::web
