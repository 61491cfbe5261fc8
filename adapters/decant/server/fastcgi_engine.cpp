// SPDX-License-Identifier: MIT
// The exchange of a FastCGI request, whichever engine speaks the records.
#include "decant/server/fastcgi_engine.hpp"

#include <string>

#include "decant/service/log.hpp"
#include "decant/service/loop.hpp"
#include "decant/service/observer.hpp"
#include "decant/service/spool.hpp"

namespace decant::fastcgi {

using service::Next;

Next run(Begun& begun, EngineRequest& request, const Task& task) {
  const Options& options = task.options;
  begun.params.emplace_back("FCGI_ROLE", begun.head.role == Role::authorizer
                                             ? "AUTHORIZER"
                                             : "RESPONDER");
  thread_local std::string late_answer;
  late_answer.clear();
  if (service::has_deadlines()) {
    append_error_page(late_answer, begun.head.request_id, 504);
  }
  service::TimedRequest timed(request.connection(), late_answer, begun.params);
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
