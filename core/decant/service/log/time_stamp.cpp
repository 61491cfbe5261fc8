// SPDX-License-Identifier: MIT
#include "decant/service/log/time_stamp.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace decant::service {
namespace {

using std::chrono::duration_cast;
using std::chrono::floor;

/// At least `width` digits. Negative numbers do not occur.
void append_digits(std::string& out, std::int64_t number, std::size_t width) {
  std::array<char, 20> digits;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  const auto size = static_cast<std::size_t>(end - digits.data());
  if (size < width) out.append(width - size, '0');
  out.append(digits.data(), size);
}

struct Parts {
  explicit Parts(WallTime time)
      : date(floor<std::chrono::days>(time)),
        clock(floor<std::chrono::milliseconds>(
            time - floor<std::chrono::days>(time))) {}

  void append_clock(std::string& out) const {
    append_digits(out, clock.hours().count(), 2);
    out += ':';
    append_digits(out, clock.minutes().count(), 2);
    out += ':';
    append_digits(out, clock.seconds().count(), 2);
  }
  auto year() const { return static_cast<int>(date.year()); }
  auto month() const { return static_cast<unsigned>(date.month()); }
  auto day() const { return static_cast<unsigned>(date.day()); }

  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::milliseconds> clock;
};

}  // namespace

void append_rfc3339(std::string& out, WallTime time) {
  const Parts parts(time);
  append_digits(out, parts.year(), 4);
  out += '-';
  append_digits(out, parts.month(), 2);
  out += '-';
  append_digits(out, parts.day(), 2);
  out += 'T';
  parts.append_clock(out);
  out += '.';
  append_digits(out, parts.clock.subseconds().count(), 3);
  out += 'Z';
}

void append_clf_time(std::string& out, WallTime time) {
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const Parts parts(time);
  append_digits(out, parts.day(), 2);
  out += '/';
  out += months.substr(std::size_t{3} * (parts.month() - 1), 3);
  out += '/';
  append_digits(out, parts.year(), 4);
  out += ':';
  parts.append_clock(out);
  out += " +0000";
}

void append_seconds(std::string& out, std::chrono::nanoseconds time) {
  const auto micros = duration_cast<std::chrono::microseconds>(time).count();
  append_digits(out, micros / 1'000'000, 1);
  out += '.';
  append_digits(out, micros % 1'000'000, 6);
}

}  // namespace decant::service
