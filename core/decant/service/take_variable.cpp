// SPDX-License-Identifier: MIT
#include "decant/service/take_variable.hpp"

#include <cstdlib>

namespace decant::service {

std::string take_variable(const char* name) {
  const char* const value = std::getenv(name);
  std::string text = value == nullptr ? "" : value;
  ::unsetenv(name);
  return text;
}

}  // namespace decant::service
