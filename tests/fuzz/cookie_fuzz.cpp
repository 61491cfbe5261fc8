// SPDX-License-Identifier: MIT
// Cookie and Set-Cookie: what is read is sound, and written again it is read as
// it was. The first byte of the input chooses the field.
#include <string>

#include "decant/error.hpp"
#include "decant/headers.hpp"
#include "decant/web/cookie.hpp"
#include "decant/web/cookie_jar.hpp"
#include "target.hpp"

namespace decant::web {

using fuzz::require;

namespace {

void check_cookies(std::string_view text) {
  const Fields cookies = parse_cookies(text);
  for (const auto& [name, value] : cookies) {
    require(!name.empty(), "a cookie without a name");
    require(name.find_first_of("=;") == std::string::npos, "a bad name");
    require(value.find(';') == std::string::npos, "a bad value");
    require(trimmed(value) == value && trimmed(name) == name, "blanks");
  }
  require(parse_cookies(cookie_value(cookies)) == cookies,
          "what is written is read differently");
}

void check_set_cookie(std::string_view text) {
  CookieJar jar;
  jar.set(text, "example.org", "/a/b", 1000);
  const Fields kept = jar.cookies_for("example.org", "/a/b/c", true, 1000);
  require(kept.size() <= 1, "one cookie has become several");
  const auto cookie = parse_set_cookie(text);
  require(cookie || kept.empty(), "what is ignored is kept");
  if (!cookie) return;
  try {
    const std::string written = set_cookie_value(*cookie);
    require(is_field_value(written), "a control character is written");
    const auto again = parse_set_cookie(written);
    require(again && set_cookie_value(*again) == written,
            "what is written is read differently");
  } catch (const ApplicationError&) {
    // A browser takes more than an application may send.
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = fuzz::text_of(data + 1, size - 1);
  if ((data[0] & 1U) != 0) {
    check_set_cookie(text);
  } else {
    check_cookies(text);
  }
  return 0;
}

}  // namespace decant::web
