// SPDX-License-Identifier: MIT
// What the command has to say of itself: its sides, and help that teaches.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace decant::command {

enum class Side { cgi, fcgi, http, scgi, uwsgi, run, wrap };

/// True where the side is a service whose protocol its word names.
constexpr bool is_service(Side side) noexcept {
  return side == Side::fcgi || side == Side::http || side == Side::scgi ||
         side == Side::uwsgi;
}

/// Whose command line it is.
struct Program {
  std::string name;       ///< "decant", or the name of the user's program
  bool takes_app = true;  ///< false where the application is linked in
};

/// "fcgi"
std::string_view word_of(Side side);
/// What it does, in a sentence.
std::string_view description_of(Side side);
std::string examples_of(Side side, const Program& program);

/// The side that the first word names, which is removed; no value when it
/// names none.
std::optional<Side> take_side(const Program& program,
                              std::vector<std::string>& words);

/// The side, or other command, that `word` may have been meant for; empty when
/// it is near to none.
std::string meant_side(const Program& program, const std::string& word);

/// What `decant --help` and `decant --version` print.
std::string overview(const Program& program);
std::string version();

}  // namespace decant::command
