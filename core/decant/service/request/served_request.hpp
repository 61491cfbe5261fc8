// SPDX-License-Identifier: MIT
// One request in the hands of the service: what stands between its connection
// and the gateway.
#pragma once

#include <string>
#include <string_view>

#include "decant/gateway.hpp"
#include "decant/service/limits.hpp"
#include "decant/service/loop/connection.hpp"
#include "decant/service/loop/deadline.hpp"
#include "decant/service/request/observer.hpp"

namespace decant::service {

/// What is served, and how: all requests have it in common. The parts that are
/// borrowed live as long as the service.
struct Served {
  const Application& application;
  const normaliser::Rules& rules;
  const Limits& limits;
  Concurrency concurrency;
  int door = 0;                ///< its place among the doors
  std::string_view door_name;  ///< for logs
  normaliser::Framing framing = normaliser::Framing::content_length;
  normaliser::Paths paths = normaliser::Paths::split;
  /// wsgi.errors goes to the web server where the protocol has a place for it,
  /// not to our log.
  bool errors_to_server = false;
  /// Takes the place of our log; may be null.
  ErrorSink* errors = nullptr;
};

/// What an exchange reads and writes. One thread has it.
class ServedRequest : public InputSource, public Output, public ErrorSink {
 public:
  /// `protocol` is for messages. Borrows `limits`.
  ServedRequest(int socket, std::string_view protocol, const Limits& limits)
      : fd_(socket), limits_(limits), protocol_(protocol) {}

  int descriptor() const noexcept final { return fd_; }
  int connection() const noexcept final { return fd_; }
  bool client_gone() final;
  void remark(std::string_view message) noexcept final;
  void exit_status(int status) noexcept final { exit_status_ = status; }

  /// Ends the request towards the web server; once. A body that nobody read is
  /// not waited for. One that was cut takes the connection along.
  virtual void finish(bool was_cut) = 0;
  /// Ends the connection without the end of the response, so that it is seen
  /// to be cut.
  virtual void cut() = 0;
  /// True when a length told the web server how much is missing.
  bool length_known() const noexcept { return length_known_; }
  /// True when nothing went wrong that the connection would not survive.
  bool good() const noexcept { return !broken_; }
  /// Borrowed; asked before the head is sent.
  void set_deadline(TimedRequest* timed) noexcept { timed_ = timed; }

  /// wsgi.errors, for the web server: sent at once behind the head, and held
  /// back in front of it. What would be too much to hold, and what comes when
  /// nobody is left to take it, goes to the log.
  void write(std::string_view lines) noexcept final;
  /// What is still held back goes to the log: no head has left.
  void log_errors() noexcept;

 protected:
  /// Before the head leaves. Throws as gone() when another answer has.
  void claim_head(const ResponseHead& head);
  /// Throws ClientGone when client_gone().
  void require_client() {
    if (client_gone()) leave();
  }
  /// The connection is lost: throws ClientGone.
  [[noreturn]] void gone();
  /// The web server has taken its request back, and the connection is none the
  /// worse for it: throws ClientGone.
  [[noreturn]] void aborted() const;
  /// Nothing of the body came within the I/O time-out: throws GatewayError
  /// (408), which its peer gets to read if it `can_be_told`.
  [[noreturn]] void waited_in_vain(bool can_be_told = false);
  /// Looks without waiting: true when the web server has taken its request
  /// back.
  virtual bool look_for_abort() = 0;
  /// Sends lines to the web server; false where they find no place there.
  virtual bool send_errors(std::string_view lines) = 0;
  /// Once the head has left: sends what was held back.
  void release_errors();
  bool holds_errors() const noexcept { return !held_errors_.empty(); }

  /// What is said of the application at the end of the response.
  int application_status(bool was_cut) const noexcept {
    return exit_status_ == 0 && was_cut ? 1 : exit_status_;
  }

  const int fd_;
  const Limits& limits_;
  bool input_ended_ = false;
  bool started_ = false;  // the head has left
  bool finished_ = false;
  bool broken_ = false;

 private:
  [[noreturn]] void leave();

  std::string_view protocol_;
  bool length_known_ = false;
  TimedRequest* timed_ = nullptr;
  int exit_status_ = 0;
  Clock::time_point looked_{};  // for an abort
  bool taken_back_ = false;
  std::string held_errors_;
};

/// Runs the application on a request that has begun and ends its response.
/// `late_answer` is sent in its place when its time is over. `observer` may be
/// null. Gives how the exchange ended.
Outcome run(const Served& served, const Variables& variables,
            ServedRequest& request, std::string_view late_answer,
            Observer* observer, Clock::time_point arrived);

}  // namespace decant::service
