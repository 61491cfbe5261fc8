// SPDX-License-Identifier: MIT
// The contract, checked: middleware that holds both sides to PEP 3333. Its
// rules are the text of the manual page decant-application(7).
#pragma once

#include <span>
#include <string_view>

#include "decant/application.hpp"

namespace decant {

/// One rule of the contract.
struct Rule {
  std::string_view id;    ///< "start-response-once"
  std::string_view text;  ///< one sentence
};

/// Every rule, in the order of the manual page.
std::span<const Rule> lint_rules();

/// Checks the environ that comes in and all that the application does with
/// start_response, write and its body. Throws ApplicationError with the rule
/// that was broken and what was seen; where the server side broke it, before
/// the application is called.
Middleware lint();

}  // namespace decant
