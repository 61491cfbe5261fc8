// SPDX-License-Identifier: MIT
#include "decant/path.hpp"

#include "support/catch.hpp"

namespace decant {
namespace {

TEST_CASE("A mount point is empty or begins with a slash and ends with none") {
  CHECK(canonical_mount("").empty());
  CHECK(canonical_mount("/").empty());
  CHECK(canonical_mount("///").empty());
  CHECK(canonical_mount("/app") == "/app");
  CHECK(canonical_mount("/app/") == "/app");
  CHECK(canonical_mount("app") == "/app");
  CHECK(canonical_mount("/a/b//") == "/a/b");
}

TEST_CASE("A path is beneath a mount point only at a slash") {
  CHECK(is_beneath("/app", "/app"));
  CHECK(is_beneath("/app/", "/app"));
  CHECK(is_beneath("/app/x", "/app"));
  CHECK_FALSE(is_beneath("/application", "/app"));
  CHECK_FALSE(is_beneath("/ap", "/app"));
  CHECK_FALSE(is_beneath("/x/app", "/app"));
  CHECK_FALSE(is_beneath("", "/app"));
  CHECK(is_beneath("/anything", ""));
  CHECK(is_beneath("", ""));
}

TEST_CASE("Percent-encoding is undone once") {
  CHECK(percent_decoded("/caf%C3%A9%20x") == "/caf\xC3\xA9 x");
  CHECK(percent_decoded("%2f%2F") == "//");
  CHECK(percent_decoded("%2525") == "%25");
  CHECK(percent_decoded("%41") == "A");
  CHECK(percent_decoded("%00") == std::string(1, '\0'));
  CHECK(percent_decoded("a+b") == "a+b");
}

TEST_CASE("A form has a plus sign for a space") {
  CHECK(form_decoded("a+b") == "a b");
  CHECK(form_decoded("a%2Bb%20c") == "a+b c");
  CHECK(form_decoded("%2") == "%2");
  CHECK(form_decoded("100%") == "100%");
  CHECK(form_encoded("a b+c&d=\xC3\xA9*-._~") == "a+b%2Bc%26d%3D%C3%A9*-._%7E");
  CHECK(form_encoded("  ") == "++");
  CHECK(form_encoded("").empty());
}

TEST_CASE("A path is encoded but for its slashes") {
  CHECK(percent_encoded("/a b/\xC3\xA9?#%") == "/a%20b/%C3%A9%3F%23%25");
}

TEST_CASE("What is no percent-encoded byte stays as it is") {
  for (const char* const text : {"%", "%4", "%zz", "%4g", "100%", "%%"}) {
    CHECK(percent_decoded(text) == text);
  }
  CHECK(percent_decoded("%%41") == "%A");
}

}  // namespace
}  // namespace decant
