// SPDX-License-Identifier: MIT
// The exchange of a FastCGI request, whichever engine speaks the records.
#include "decant/server/fastcgi_engine.hpp"

#include <cstdint>
#include <string>
#include <string_view>

#include "decant/error.hpp"
#include "decant/service/log.hpp"
#include "decant/service/loop.hpp"
#include "decant/service/observer.hpp"
#include "decant/service/spool.hpp"

namespace decant::fastcgi {
namespace {

/// What --timeout has sent in place of a response, until the next call on this
/// thread. It is made anew only for another request id, which few peers send.
std::string_view late_answer(std::uint16_t request_id) {
  if (!service::has_deadlines()) return {};
  thread_local std::string answer;
  thread_local std::uint16_t id = 0;
  if (id != request_id) {
    answer.clear();
    append_error_page(answer, request_id, 504);
    id = request_id;
  }
  return answer;
}

}  // namespace

using service::Next;

void EngineRequest::remark(std::string_view message) noexcept {
  service::LogSink().remark(message);  // the web server knows, or is gone
}

void EngineRequest::claim_head(const ResponseHead& head) {
  if (timed_ != nullptr && !timed_->claim_head()) gone();
  length_known_ = head.content_length.has_value() || !head.has_content;
}

void EngineRequest::gone() {
  broken_ = true;
  throw ClientGone("fastcgi: the web server closed the connection");
}

void EngineRequest::aborted() {
  throw ClientGone("fastcgi: the web server aborted the request");
}

void EngineRequest::waited_in_vain() {
  broken_ = true;
  throw GatewayError("input: nothing of the request body came for " +
                         std::to_string(limits_.io_timeout.count()) +
                         " seconds",
                     408);
}

void append_break(std::string& out) {
  append_header(out, {.type = RecordType::standard_output, .version = 0});
}

Next run(Begun& begun, EngineRequest& request, const Task& task) {
  const Options& options = task.options;
  begun.params.emplace_back("FCGI_ROLE", begun.head.role == Role::authorizer
                                             ? "AUTHORIZER"
                                             : "RESPONDER");
  service::TimedRequest timed(request.connection(),
                              late_answer(begun.head.request_id), begun.params);
  request.set_deadline(&timed);
  service::LogSink log;
  ErrorSink& errors =
      options.errors_to_server ? static_cast<ErrorSink&>(request) : log;
  service::Spool spool(request, options.limits.spool);
  const Exchange exchange{begun.params,    spool,
                          request,         errors,
                          options.rules,   cgi_request::Framing::end_of_stream,
                          task.concurrency};
  const Outcome outcome = service::run_observed(
      exchange, task.application, begun.observer, service::arrival());
  if (outcome == Outcome::cut_short && !request.length_known()) {
    request.cut();
  } else {
    request.finish(outcome == Outcome::cut_short ||
                   outcome == Outcome::client_gone);
  }
  request.set_deadline(nullptr);
  return begun.head.keep_connection && request.good() ? Next::idle
                                                      : Next::linger;
}

Next after(Next next, const Begun& begun) {
  if (!begun.sound || (next == Next::linger && begun.ended)) {
    return Next::close;
  }
  return next;
}

}  // namespace decant::fastcgi
