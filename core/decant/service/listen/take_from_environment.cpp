// SPDX-License-Identifier: MIT
#include "decant/service/listen/take_from_environment.hpp"

#include <cstdlib>

namespace decant::service {

std::string take_from_environment(const char* name) {
  const char* const value = std::getenv(name);
  std::string text = value == nullptr ? "" : value;
  ::unsetenv(name);
  return text;
}

}  // namespace decant::service
