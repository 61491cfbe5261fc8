// SPDX-License-Identifier: MIT
#include "decant/base64.hpp"

#include "support/catch.hpp"

namespace decant {
namespace {

TEST_CASE("Base64 is what RFC 4648 section 10 says") {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"\xFF\xFE", "//4="},
      {"foobar", "Zm9vYmFy"}};
  for (const auto& [text, encoded] : vectors) {
    CAPTURE(text);
    CHECK(base64_encoded(text) == encoded);
    CHECK(base64_decoded(encoded) == std::string(text));
  }
}

TEST_CASE("Base64 may come without its padding, and never with strangers") {
  CHECK(base64_decoded("Zg") == std::string("f"));
  CHECK_FALSE(base64_decoded("Z"));
  CHECK_FALSE(base64_decoded("Zg="));
  CHECK_FALSE(base64_decoded("Zg==Zg=="));
  CHECK_FALSE(base64_decoded("Zm 9"));
  CHECK_FALSE(base64_decoded("===="));
}

}  // namespace
}  // namespace decant
