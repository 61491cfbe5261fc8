// SPDX-License-Identifier: MIT
// What is wrong with a request body that was to be a form.
#pragma once

#include "decant/error.hpp"

namespace decant::web {

/// The client sent a body that cannot be taken. status() is what it is answered
/// with: 400 for one that is malformed, 413 for one beyond a limit, 415 for a
/// type that was not asked for (RFC 9110 section 15.5). Let it pass: the
/// gateway answers and logs it.
class FormError : public GatewayError {
 public:
  using GatewayError::GatewayError;
};

}  // namespace decant::web
