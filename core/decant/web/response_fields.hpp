// SPDX-License-Identifier: MIT
// Values of response headers that are more than a text. Each throws
// ApplicationError for what cannot stand in its field, as a control character.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "decant/web/fields.hpp"

namespace decant::web {

/// How long a response may be kept, and by whom (RFC 9111 section 5.2.2, RFC
/// 8246, RFC 5861).
struct CacheControl {
  bool no_store = false;
  bool no_cache = false;  ///< kept, but asked for before each use
  bool is_public = false;
  bool is_private = false;
  bool must_revalidate = false;
  bool proxy_revalidate = false;
  bool no_transform = false;
  bool immutable = false;
  std::optional<std::chrono::seconds> max_age = {};
  std::optional<std::chrono::seconds> s_maxage = {};  ///< for shared caches
  std::optional<std::chrono::seconds> stale_while_revalidate = {};
  std::optional<std::chrono::seconds> stale_if_error = {};
};

/// "private, max-age=60".
std::string cache_control_value(const CacheControl& wanted);

/// Content-Disposition (RFC 6266): "attachment" or "inline", and the name under
/// which the content is to be saved, which is UTF-8 and may be empty. One that
/// is not plain ASCII goes along as `filename*` (RFC 8187) too, which comes
/// before the other where it is understood.
std::string content_disposition_value(std::string_view disposition,
                                      std::string_view filename);

/// A challenge, as "Basic realm=\"x\"" (RFC 9110 section 11.6.1).
std::string challenge_value(std::string_view scheme, const Fields& parameters);

}  // namespace decant::web
