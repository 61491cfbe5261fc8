// SPDX-License-Identifier: MIT
// Random valid streams of FastCGI requests, the same ones for the same seed.
#pragma once

#include <random>
#include <string>
#include <vector>

namespace decant::conformance {

class Numbers {
 public:
  explicit Numbers(unsigned seed) : engine_(seed) {}
  /// From 0 up to but not with `bound`.
  std::size_t below(std::size_t bound) { return engine_() % bound; }
  bool coin() { return below(2) == 0; }

 private:
  std::mt19937 engine_;
};

/// Requests on one connection, one after the other.
struct Stream {
  std::string bytes;
  std::vector<int> ids;
};

Stream random_stream(Numbers& numbers);

}  // namespace decant::conformance
