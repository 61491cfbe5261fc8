// SPDX-License-Identifier: MIT
// What a hostile or broken peer makes of a valid stream.
#pragma once

#include <chrono>
#include <string>

#include "conformance/fastcgi_streams.hpp"

namespace decant::conformance {

/// Changes a few places of a stream: bits, bytes, whole stretches.
void mutate(Numbers& numbers, std::string& bytes);

/// Sends it, perhaps reads a little, and leaves in one way or another.
void torment(const std::string& endpoint, const std::string& bytes,
             Numbers& numbers);

/// DECANT_FUZZ_SECONDS, or as little as proves that it works.
std::chrono::seconds time_to_spend();

}  // namespace decant::conformance
