// SPDX-License-Identifier: MIT
#include "decant/service/request/served_request.hpp"

#include <poll.h>

#include <string>
#include <utility>

#include "decant/error.hpp"
#include "decant/service/log/log.hpp"
#include "decant/service/loop/forked_child.hpp"
#include "decant/service/request/spool.hpp"

namespace decant::service {
namespace {

/// Of wsgi.errors, held back until the head has left. nginx reads both into one
/// buffer of 4 KiB and answers 502 when there is no room left for the head.
constexpr std::size_t most_held = 65536;
/// How often it is looked whether a response is still wanted.
constexpr std::chrono::milliseconds look_interval{50};

}  // namespace

void ServedRequest::write(std::string_view lines) noexcept {
  try {
    if (!finished_ && !broken_) {
      if (started_ && send_errors(lines)) return;
      if (!started_ && held_errors_.size() + lines.size() <= most_held) {
        held_errors_ += lines;
        return;
      }
    }
  } catch (...) {  // the next write to the client meets the same
    broken_ = true;
  }
  LogSink().write(lines);
}

void ServedRequest::release_errors() {
  if (held_errors_.empty()) return;
  const std::string lines = std::exchange(held_errors_, {});
  if (!send_errors(lines)) LogSink().write(lines);
}

void ServedRequest::log_errors() noexcept {
  if (!held_errors_.empty()) LogSink().write(held_errors_);
}

void ServedRequest::remark(std::string_view message) noexcept {
  LogSink().remark(message);  // the web server knows, or is gone
}

void ServedRequest::claim_head(const ResponseHead& head) {
  if (is_forked_child()) gone();
  if (timed_ != nullptr && !timed_->claim_head()) gone();
  length_known_ = head.content_length.has_value() || !head.has_content;
}

bool ServedRequest::client_gone() {
  if (broken_ || taken_back_) return true;
  if (finished_) return false;
  const auto now = Clock::now();
  if (now - looked_ < look_interval) return false;
  looked_ = now;
  pollfd poll{fd_, 0, 0};
  broken_ = ::poll(&poll, 1, 0) > 0;
  taken_back_ = !broken_ && look_for_abort();
  return broken_ || taken_back_;
}

void ServedRequest::leave() {
  if (taken_back_) aborted();
  gone();
}

void ServedRequest::gone() {
  broken_ = true;
  throw ClientGone(std::string(protocol_) +
                   ": the web server closed the connection");
}

void ServedRequest::aborted() const {
  throw ClientGone(std::string(protocol_) +
                   ": the web server aborted the request");
}

void ServedRequest::waited_in_vain(bool can_be_told) {
  if (!can_be_told) broken_ = true;
  throw GatewayError("input: nothing of the request body came for " +
                         std::to_string(limits_.io_timeout.count()) +
                         " seconds",
                     408);
}

Outcome run(const Served& served, const Variables& variables,
            ServedRequest& request, std::string_view late_answer,
            Observer* observer, Clock::time_point arrived) {
  TimedRequest timed(request.connection(), late_answer, variables);
  request.set_deadline(&timed);
  LogSink own_log;
  ErrorSink& log = served.errors != nullptr ? *served.errors : own_log;
  ErrorSink& errors =
      served.errors_to_server ? static_cast<ErrorSink&>(request) : log;
  Spool spool(request, served.limits.spool);
  const Exchange exchange{.variables = variables,
                          .input = spool,
                          .output = request,
                          .errors = errors,
                          .rules = served.rules,
                          .framing = served.framing,
                          .paths = served.paths,
                          .concurrency = served.concurrency};
  const Outcome outcome =
      run_observed(exchange, served.application, observer,
                   {arrived, served.door, served.door_name});
  if (outcome == Outcome::cut_short && !request.length_known()) {
    request.cut();
  } else {
    request.finish(outcome == Outcome::cut_short ||
                   outcome == Outcome::client_gone);
  }
  request.log_errors();
  request.set_deadline(nullptr);
  return outcome;
}

}  // namespace decant::service
