// SPDX-License-Identifier: MIT
#include "decant/http_date.hpp"

#include <array>

namespace decant {

std::string http_date(std::time_t time) {
  // The names of strftime() would be those of a locale that the application may
  // have set.
  constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::array<char, 24> numbers{};
  const auto format = [&](const char* how) {
    return std::string(
        numbers.data(),
        std::strftime(numbers.data(), numbers.size(), how, &parts));
  };
  return days.at(static_cast<std::size_t>(parts.tm_wday)) + format(", %d ") +
         months.at(static_cast<std::size_t>(parts.tm_mon)) +
         format(" %Y %H:%M:%S GMT");
}

}  // namespace decant
