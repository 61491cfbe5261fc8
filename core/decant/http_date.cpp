// SPDX-License-Identifier: MIT
#include "decant/http_date.hpp"

#include <algorithm>
#include <array>

namespace decant {
namespace {

constexpr std::array<std::string_view, 7> days = {"Sun", "Mon", "Tue", "Wed",
                                                  "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun",
    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

}  // namespace

std::string http_date(std::time_t time) {
  // The names of strftime() would be those of a locale that the application may
  // have set.
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::array<char, 24> numbers{};
  const auto format = [&](const char* how) {
    return std::string(
        numbers.data(),
        std::strftime(numbers.data(), numbers.size(), how, &parts));
  };
  return std::string(days.at(static_cast<std::size_t>(parts.tm_wday))) +
         format(", %d ") +
         std::string(months.at(static_cast<std::size_t>(parts.tm_mon))) +
         format(" %Y %H:%M:%S GMT");
}

std::optional<std::time_t> parse_http_date(std::string_view text) {
  // IMF-fixdate, and the obsolete forms of RFC 850 and asctime(). No locale is
  // asked: the C library's names are those of HTTP in the C locale alone.
  struct Form {
    std::size_t day, month, year, year_digits, time, size;
  };
  constexpr Form imf{5, 8, 12, 4, 17, 29};
  constexpr Form asctime{8, 4, 20, 4, 11, 24};
  const std::size_t comma = text.find(',');
  Form form = imf;
  if (comma == std::string_view::npos) form = asctime;
  if (comma != std::string_view::npos && comma > 3) {
    text.remove_prefix(comma);
    form = {2, 5, 9, 2, 12, 24};
  }
  if (text.size() != form.size) return std::nullopt;
  bool is_sound = true;
  const auto number = [&](std::size_t at, std::size_t digits) {
    int value = 0;
    for (const char c : text.substr(at, digits)) {
      const bool is_digit = c >= '0' && c <= '9';
      is_sound = is_sound && (is_digit || (c == ' ' && value == 0));
      value = value * 10 + (is_digit ? c - '0' : 0);
    }
    return value;
  };
  std::tm parts{};
  parts.tm_mday = number(form.day, 2);
  const auto* const month =
      std::find(months.begin(), months.end(), text.substr(form.month, 3));
  parts.tm_mon = static_cast<int>(month - months.begin());
  int year = number(form.year, form.year_digits);
  if (form.year_digits == 2) year += year < 70 ? 2000 : 1900;
  parts.tm_year = year - 1900;
  parts.tm_hour = number(form.time, 2);
  parts.tm_min = number(form.time + 3, 2);
  parts.tm_sec = number(form.time + 6, 2);
  if (!is_sound || month == months.end() || parts.tm_mday < 1 ||
      parts.tm_mday > 31 || parts.tm_hour > 23 || parts.tm_min > 59 ||
      parts.tm_sec > 60 || text[form.time + 2] != ':' ||
      text[form.time + 5] != ':') {
    return std::nullopt;
  }
  return ::timegm(&parts);
}

}  // namespace decant
