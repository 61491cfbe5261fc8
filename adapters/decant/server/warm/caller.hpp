// SPDX-License-Identifier: MIT
// The calling end of warm CGI: what a web server has started hands its request
// to a worker, and waits for its exit status.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "decant/server/warm/place.hpp"

namespace decant::warm {

/// What the words and the environment of a program say about warmth.
struct Wish {
  /// This is a CGI program whose request may go to a worker.
  bool wanted = false;
  /// The words but for those about warmth.
  std::vector<std::string> words;
};

/// Reads --warm among `words`, which are the owner's, and DECANT_WARM, where 0
/// stands for no. What FastCGI is to be spoken to wants nothing.
Wish read_wish(const std::vector<std::string>& words);

/// Of a process whose request could not be handed over, by a program in front
/// of it: it need not try again.
inline constexpr const char* tried_variable = "DECANT_WARM_TRIED";

/// Hands the request of this process over to the worker of that identity. Gives
/// the exit status when it has been served, with descriptors 0, 1 and 2 of this
/// process; no value when nobody has begun to, and it is to be served here.
/// Throws nothing but std::bad_alloc.
std::optional<int> hand_over(const Identity& identity);

}  // namespace decant::warm
