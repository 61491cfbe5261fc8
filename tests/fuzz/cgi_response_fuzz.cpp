// SPDX-License-Identifier: MIT
// The head that a CGI program writes: refused, or such as a web server may be
// given, and the same once it was written by us.
#include <string>

#include "decant/cgi_response.hpp"
#include "decant/error.hpp"
#include "target.hpp"

namespace decant {

using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  std::optional<cgi_response::Head> head;
  try {
    head = cgi_response::parse_head(text);
  } catch (const GatewayError& error) {
    require(error.status() == 502, "another status");
    return 0;
  }
  if (!head) return 0;
  require(head->size <= size && text[head->size - 1] == '\n', "a stray end");
  std::size_t lengths = 0;
  for (const auto& [name, value] : head->headers) {
    require(is_token(name), "a name is no token");
    require(is_field_value(value), "a value holds control characters");
    require(!equals_ignoring_case(name, "Status"), "Status is a header");
    lengths += equals_ignoring_case(name, "Content-Length") ? 1 : 0;
  }
  require(lengths <= 1, "two lengths");
  std::string written;
  cgi_response::write_head(written, head->status, head->headers);
  const auto again = cgi_response::parse_head(written);
  require(again.has_value(), "what was written has no end");
  require(again->size == written.size(), "what was written ends early");
  require(again->status.line() == head->status.line(), "the status changed");
  require(again->headers == head->headers, "the headers changed");
  return 0;
}

}  // namespace decant
