// SPDX-License-Identifier: MIT
// The HTTP parser: refused with a status, or a head whose parts
// are what they should be, as often as requests come.
#include <array>
#include <string_view>

#include "decant/error.hpp"
#include "decant/server/http/message.hpp"
#include "target.hpp"

namespace decant {

using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  // In two pieces, which the first byte parts.
  const std::string_view text = fuzz::text_of(data, size);
  const std::size_t cut = size == 0 ? 0 : data[0] % size;
  http::RequestParser parser;
  bool whole = false;
  parser.put(text.substr(0, cut));
  const auto more = [&] {
    if (whole) return parser.end();
    parser.put(text.substr(cut));
    whole = true;
  };
  std::size_t body = 0;
  try {
    for (int ends = 0; ends < 2;) {
      const auto head = parser.head();
      if (!head) {
        if (whole) ++ends;
        more();
        continue;
      }
      require(is_token(head->method), "a bad method");
      require(!head->target.empty(), "no target");
      for (const char c : head->target) {
        require(static_cast<unsigned char>(c) > 0x20 && c != 0x7F,
                "a target with blanks or control characters");
      }
      for (const auto& [name, value] : head->headers) {
        require(is_token(name), "a name is no token");
        require(is_field_value(value), "a value holds control characters");
      }
      std::array<char, 64> buffer;
      for (;;) {
        const std::size_t got = parser.body(buffer);
        if (got == 0 && parser.body_ended()) break;
        if (got == 0) more();
        body += got;
      }
      if (!head->keep_alive) break;
    }
  } catch (const GatewayError& error) {
    require(error.status() >= 400 && error.status() <= 505, "another status");
  }
  require(body <= size, "a body longer than what came");
  return 0;
}

}  // namespace decant
