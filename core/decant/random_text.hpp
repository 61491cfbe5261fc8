// SPDX-License-Identifier: MIT
// What nobody can guess.
#pragma once

#include <string>

namespace decant {

/// 128 bits from the kernel as 32 hexadecimal digits in small letters. Throws
/// std::system_error where it has none.
std::string random_text();

}  // namespace decant
