// SPDX-License-Identifier: MIT
#include "decant/server/cgi.hpp"

#include <unistd.h>

#include "decant/broken_pipe.hpp"
#include "decant/cgi_response.hpp"
#include "decant/cgi_streams.hpp"
#include "decant/cgi_variables.hpp"
#include "decant/error.hpp"
#include "decant/error_page.hpp"
#include "decant/exit_status.hpp"
#include "decant/stdio.hpp"

namespace decant::cgi {
int serve(const Application& application, const Options& options) {
  const StandardStreams& streams = own_standard_streams();
  survive_broken_pipes();
  const Variables variables = cgi_variables::process_environment();
  DescriptorSource input(streams.input.get());
  CgiOutput output(streams.output.get());
  DescriptorSink errors(STDERR_FILENO);
  const Exchange exchange{
      .variables = variables,
      .input = input,
      .output = output,
      .errors = errors,
      .rules = options.rules,
      .concurrency = {.multiprocess = true, .run_once = true}};
  const Outcome outcome = gateway::run(exchange, application);
  drain_body(streams.input.get(), variables, input.consumed());
  return tell_of_write_error(errors, output.error()) ||
                 outcome == Outcome::failed || outcome == Outcome::cut_short ||
                 output.failed()
             ? exit_failed
             : 0;
}

void answer_not_loaded() {
  const StandardStreams& streams = own_standard_streams();
  survive_broken_pipes();
  const ErrorPage page(500);
  std::string text;
  cgi_response::write_head(text, page.status, page.headers);
  text += page.body;
  write_all(streams.output.get(), text);
  drain_body(streams.input.get(), cgi_variables::process_environment(), 0);
}

}  // namespace decant::cgi
