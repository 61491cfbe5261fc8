// SPDX-License-Identifier: MIT
#include <vector>

#include "decant/web/accept.hpp"
#include "support/catch.hpp"

namespace decant::web {
namespace {

TEST_CASE("Media types are weighed as RFC 9110 section 12.5.1 says") {
  constexpr std::string_view accept =
      "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, "
      "text/plain;format=fixed;q=0.4, */*;q=0.5";
  CHECK(type_quality(accept, "text/plain;format=flowed") == 1000);
  CHECK(type_quality(accept, "text/plain") == 700);
  CHECK(type_quality(accept, "text/html") == 300);
  CHECK(type_quality(accept, "image/jpeg") == 500);
  CHECK(type_quality(accept, "text/plain;format=fixed") == 400);
  CHECK(type_quality(accept, "TEXT/HTML;level=3") == 300);
  CHECK(type_quality("text/html", "text/plain") == 0);
  CHECK(type_quality("text/html;q=0, */*", "text/html") == 0);
  CHECK(type_quality(",, ;q=1, garbage", "text/html") == 0);
}

TEST_CASE("What browsers send finds what they show best") {
  const auto best = [](std::string_view accept,
                       std::vector<std::string_view> offers) {
    return best_of(offers, accept, type_quality).value_or("none");
  };
  // Firefox, Chromium, Safari; an image in Chromium; fetch(); curl.
  for (const std::string_view browser :
       {"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,"
        "image/webp,*/*;q=0.8",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,"
        "image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;"
        "q=0.7",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}) {
    CAPTURE(browser);
    CHECK(best(browser, {"application/json", "text/html"}) == "text/html");
    CHECK(best(browser, {"application/json"}) == "application/json");
  }
  CHECK(best("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
             {"image/png", "text/html"}) == "image/png");
  CHECK(best("*/*", {"application/json", "text/html"}) == "application/json");
  CHECK(best("", {"application/json", "text/html"}) == "application/json");
  CHECK(best("text/html", {"application/json"}) == "none");
}

TEST_CASE("Languages are found by their ranges, or else by what they begin") {
  constexpr std::string_view accept = "de-CH, de;q=0.9, en-US;q=0.8, *;q=0.1";
  CHECK(language_quality(accept, "de-CH") == 1000);
  CHECK(language_quality(accept, "de-ch-1996") == 1000);
  CHECK(language_quality(accept, "de") == 900);
  CHECK(language_quality(accept, "de-AT") == 900);
  CHECK(language_quality(accept, "den") == 100);
  CHECK(language_quality(accept, "en") == 100);
  CHECK(language_quality("en-US", "en") == 1000);
  CHECK(language_quality("en-US;q=0.5", "en-GB") == 0);
  CHECK(language_quality("en-US, en;q=0", "en") == 0);
}

}  // namespace
}  // namespace decant::web
