// SPDX-License-Identifier: MIT
// What the gateway and the application sides do to an environ, and no
// application.
#pragma once

#include <optional>
#include <string_view>

#include "decant/environ.hpp"

namespace decant::detail {

class EnvironAccess {
 public:
  /// All of them, to be changed before the application sees them.
  static Variables& variables(Environ& env) noexcept { return *env.variables_; }
  /// The place of the first variable of that name, or Variables::none.
  static std::size_t find(const Environ& env, std::string_view name) {
    return env.find(name);
  }
  /// A copy that lives as long as the request.
  static std::string_view keep(Environ& env, std::string_view text) {
    return env.keep(text);
  }
  /// `scheme` must outlive the request.
  static void set_url_scheme(Environ& env, std::string_view scheme) noexcept {
    env.url_scheme_ = scheme;
  }
  /// Borrows `client`.
  static void set_client(Environ& env, Client* client) noexcept {
    env.client_ = client;
  }

  /// For an application that is a process: the end of the response waits until
  /// the body is closed, and its exit status goes along where the server side
  /// has a place for it (FastCGI 1.0 section 5.5, appStatus).
  static void await_exit_status(Environ& env) noexcept { env.exit_status_ = 0; }
  static void set_exit_status(Environ& env, int status) noexcept {
    env.exit_status_ = status;
  }
  static const std::optional<int>& exit_status(const Environ& env) noexcept {
    return env.exit_status_;
  }
};

}  // namespace decant::detail
