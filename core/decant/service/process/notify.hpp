// SPDX-License-Identifier: MIT
// What a service tells systemd: sd_notify(3).
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace decant::service {

/// Takes NOTIFY_SOCKET and the watchdog's variables out of the environment, so
/// that no application and no child speaks for the service. Without them every
/// call does nothing.
class Notifier {
 public:
  Notifier();

  void ready() const { send("READY=1"); }
  void reloading() const;
  void stopping() const { send("STOPPING=1"); }
  void alive() const { send("WATCHDOG=1"); }
  /// One line for `systemctl status`.
  void status(std::string_view text) const;
  /// How often alive() is due: half of what systemd waits; 0: never.
  std::chrono::milliseconds interval() const noexcept { return interval_; }

 private:
  void send(std::string_view text) const;

  std::string socket_;
  std::chrono::milliseconds interval_{0};
};

}  // namespace decant::service
