// SPDX-License-Identifier: MIT
#include "decant/gateway.hpp"

#include <atomic>
#include <memory>
#include <string>

#include "decant/current_error.hpp"
#include "decant/environ_access.hpp"
#include "decant/error.hpp"
#include "decant/request_id.hpp"
#include "decant/response.hpp"

namespace decant {
namespace {

using Access = detail::EnvironAccess;

/// One run of the algorithm: the steps and the one funnel for what fails.
class Run {
 public:
  Run(const Exchange& exchange, const Application& application)
      : exchange_(exchange),
        application_(application),
        errors_(exchange.errors),
        response_(std::make_shared<detail::Response>(exchange.output,
                                                     exchange.rules.lenient)) {}

  Outcome operator()() {
    Outcome outcome = Outcome::complete;
    try {
      outcome = serve();
    } catch (...) {
      outcome = fail();
    }
    response_->end();
    if (outcome == Outcome::client_gone && !complained_) {
      errors_.flush();
      exchange_.errors.remark(about("the client left after " +
                                    std::to_string(response_->sent()) +
                                    " bytes of the response"));
    }
    return outcome;
  }

 private:
  Outcome serve() {
    const std::string_view method =
        exchange_.variables.last(detail::known("REQUEST_METHOD"));
    response_->set_head_only(method == "HEAD");
    const auto length = normaliser::body_length(
        exchange_.variables, exchange_.framing, exchange_.rules);
    InputStream input(exchange_.input, length, exchange_.rules.max_body);
    Environ env(input, errors_, exchange_.concurrency, exchange_.variables);
    Access::set_client(env, &exchange_.output);
    normaliser::normalise(exchange_.paths, exchange_.rules, env);
    exchange_.input.prepare(length);
    return call(env);
  }

  Outcome call(Environ& env) {
    const StartResponse start_response(
        (std::shared_ptr<detail::StartResponseTarget>(response_)));
    response_->set_environ(&env);
    Outcome outcome = Outcome::complete;
    try {
      outcome = transmit(application_(env, start_response));
    } catch (...) {
      outcome = fail();
    }
    response_->set_environ(nullptr);
    if (response_->dropped_header()) warn_of_dropped_header();
    if (const auto& status = Access::exit_status(env)) {
      exchange_.output.exit_status(*status);
    }
    return outcome == Outcome::complete ? verdict() : outcome;
  }

  /// The body and the environ live until both ways out have closed the body: a
  /// generator reads them in its destructors.
  Outcome transmit(Body body) {
    Outcome outcome = Outcome::complete;
    try {
      response_->transmit(body);
    } catch (...) {
      outcome = fail();
    }
    try {
      body.close();
    } catch (...) {
      log("close: " + current_error());
    }
    return outcome;
  }

  void warn_of_dropped_header() {
    static std::atomic<bool> warned{false};
    if (warned.exchange(true)) return;
    errors_.flush();
    exchange_.errors.complain(
        about(*response_->dropped_header() +
              ", a hop-by-hop header, was dropped, as --lenient wants it; this "
              "is said once"));
  }

  /// A response that ran to its end, but may not be what it announced.
  Outcome verdict() {
    if (response_->dropped() != 0) {
      log("the application gave " + std::to_string(response_->dropped()) +
          (response_->status()->has_content()
               ? " bytes more than its Content-Length; they were cut off"
               : " bytes with " + response_->status()->line() +
                     ", which has no content; they were dropped"));
    }
    if (response_->client_gone()) return Outcome::client_gone;
    if (!response_->is_short()) return Outcome::complete;
    log("the application gave " + std::to_string(response_->sent()) +
        " of the " + std::to_string(*response_->content_length()) +
        " bytes of its Content-Length; the response was cut short");
    return Outcome::cut_short;
  }

  /// The funnel: every failure ends here, with the exception in flight.
  Outcome fail() {
    int status = 500;
    try {
      throw;
    } catch (const ClientGone&) {
      return Outcome::client_gone;
    } catch (const GatewayError& error) {
      status = error.status();
      log(error.what());
    } catch (...) {
      log(current_error());
    }
    try {
      if (!response_->replace_by_error(status)) return Outcome::cut_short;
    } catch (...) {
      return Outcome::client_gone;
    }
    return status < 500 ? Outcome::refused : Outcome::failed;
  }

  void log(const std::string& message) {
    complained_ = true;
    errors_.flush();
    exchange_.errors.complain(about(message));
  }

  /// "[id] GET /path: message"
  std::string about(const std::string& message) const {
    const auto [method, target] = normaliser::request_line(exchange_.variables);
    std::string line;
    if (exchange_.id != 0) {
      line.append("[").append(RequestIdText(exchange_.id).view()) += "] ";
    }
    line.append(method).append(" ").append(target).append(": ");
    return line + message;
  }

  const Exchange& exchange_;
  const Application& application_;
  ErrorStream errors_;
  std::shared_ptr<detail::Response> response_;
  bool complained_ = false;
};

}  // namespace

Outcome gateway::run(const Exchange& exchange, const Application& application) {
  return Run(exchange, application)();
}

}  // namespace decant
