// SPDX-License-Identifier: MIT
#include "decant/web/urlencoded.hpp"

#include <algorithm>

#include "decant/path.hpp"
#include "decant/web/form_error.hpp"

namespace decant::web {

Fields parse_urlencoded(std::string_view text, std::size_t most) {
  Fields fields;
  const auto separators = std::count(text.begin(), text.end(), '&');
  fields.reserve(std::min(static_cast<std::size_t>(separators) + 1, most));
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view field = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (field.empty()) continue;
    if (fields.size() == most) {
      throw FormError("form: more than " + std::to_string(most) +
                          " fields; raise most_fields where so many are meant",
                      413);
    }
    const std::size_t equals = std::min(field.find('='), field.size());
    fields.add(form_decoded(field.substr(0, equals)),
               form_decoded(field.substr(std::min(equals + 1, field.size()))));
  }
  return fields;
}

std::string urlencoded(const Fields& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    if (!text.empty()) text += '&';
    text.append(form_encoded(name)).append("=").append(form_encoded(value));
  }
  return text;
}

}  // namespace decant::web
