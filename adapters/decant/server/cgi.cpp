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
  return serve_by(streams.input.get(), streams.output.get(), application,
                  options)
      .exit_status;
}

Result serve_by(int input_descriptor, int output_descriptor,
                const Application& application, const Options& options) {
  survive_broken_pipes();
  const Variables variables = cgi_variables::process_environment();
  DescriptorSource input(input_descriptor);
  CgiOutput output(output_descriptor);
  DescriptorSink errors(STDERR_FILENO);
  const Exchange exchange{
      .variables = variables,
      .input = input,
      .output = output,
      .errors = errors,
      .rules = options.rules,
      .concurrency = {.multiprocess = true, .run_once = true}};
  const Outcome outcome = gateway::run(exchange, application);
  drain_body(input_descriptor, variables, input.consumed());
  const bool is_bad = tell_of_write_error(errors, output.error()) ||
                      outcome == Outcome::failed ||
                      outcome == Outcome::cut_short || output.failed();
  return {outcome, is_bad ? exit_failed : 0};
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
