// SPDX-License-Identifier: MIT
#include "decant/web/reference.hpp"

#include <algorithm>

namespace decant::web {
namespace {

/// RFC 3986 section 5.2.4. `path` begins with a slash.
std::string without_dots(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    if (segment == "/..") out.erase(std::min(out.rfind('/'), out.size()));
    if (segment != "/." && segment != "/..") {
      out += segment;
    } else if (path.empty()) {
      out += '/';
    }
  }
  return out;
}

std::string_view up_to(std::string_view text, std::string_view ends) {
  return text.substr(0, text.find_first_of(ends));
}

/// RFC 3986 section 3.1.
bool has_scheme(std::string_view reference) {
  const std::size_t colon = reference.find(':');
  return colon != std::string_view::npos && colon != 0 &&
         reference.find_first_of("/?") > colon;
}

}  // namespace

std::string resolve_reference(std::string_view base,
                              std::string_view reference) {
  base = up_to(base, "#");
  reference = up_to(reference, "#");
  if (has_scheme(reference)) return std::string(reference);
  const std::size_t host = base.find("://") + 3;
  if (reference.starts_with("//")) {
    return std::string(base.substr(0, host - 2)) + std::string(reference);
  }
  const std::string_view origin =
      base.substr(0, host + up_to(base.substr(host), "/?").size());
  const std::string_view rest = base.substr(origin.size());
  if (reference.empty()) return std::string(base);
  if (reference.starts_with('?')) {
    return std::string(up_to(base, "?")) + std::string(reference);
  }
  const std::string_view path = up_to(reference, "?");
  const std::string_view query = reference.substr(path.size());
  std::string whole(path);
  if (!path.starts_with('/')) {
    const std::string_view old = up_to(rest, "?");
    whole = old.empty() ? "/" : std::string(old.substr(0, old.rfind('/') + 1));
    whole += path;
  }
  return std::string(origin) + without_dots(whole) + std::string(query);
}

}  // namespace decant::web
