// SPDX-License-Identifier: MIT
#include "decant/service/log/time_stamp.hpp"

#include "support/catch.hpp"

namespace decant::service {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string rfc3339(WallTime time) {
  std::string out;
  append_rfc3339(out, time);
  return out;
}

std::string clf(WallTime time) {
  std::string out;
  append_clf_time(out, time);
  return out;
}

std::string in_seconds(std::chrono::nanoseconds time) {
  std::string out;
  append_seconds(out, time);
  return out;
}

TEST_CASE("Moments are written in UTC") {
  const WallTime epoch{};
  CHECK(rfc3339(epoch) == "1970-01-01T00:00:00.000Z");
  CHECK(clf(epoch) == "01/Jan/1970:00:00:00 +0000");
  const WallTime leap{seconds(1709210096) + milliseconds(7)};
  CHECK(rfc3339(leap) == "2024-02-29T12:34:56.007Z");
  CHECK(clf(leap) == "29/Feb/2024:12:34:56 +0000");
  const WallTime last{seconds(1798761599) + milliseconds(999)};
  CHECK(rfc3339(last) == "2026-12-31T23:59:59.999Z");
  CHECK(clf(last) == "31/Dec/2026:23:59:59 +0000");
}

TEST_CASE("Times are seconds with six digits after the point") {
  CHECK(in_seconds(std::chrono::nanoseconds(999)) == "0.000000");
  CHECK(in_seconds(microseconds(1234)) == "0.001234");
  CHECK(in_seconds(seconds(75) + microseconds(20)) == "75.000020");
}

}  // namespace
}  // namespace decant::service
