// SPDX-License-Identifier: MIT
#include "decant/server/cgi.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

#include "decant/broken_pipe.hpp"
#include "decant/cgi_response.hpp"
#include "decant/cgi_streams.hpp"
#include "decant/cgi_variables.hpp"
#include "decant/error.hpp"
#include "decant/error_page.hpp"
#include "decant/exit_status.hpp"
#include "decant/stdio.hpp"

namespace decant::cgi {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t most_drained = 64 << 20;
constexpr std::chrono::seconds drain_time{2};

/// Bytes of an announced body that a web server may still be writing. Where
/// none was announced nobody writes, and a wait would be for nothing.
std::uint64_t left_of_body(const Variables& variables, std::uint64_t consumed) {
  try {
    const auto length = normaliser::body_length(
        variables, normaliser::Framing::content_length, {});
    if (!length) return most_drained;  // chunked: to the end of the input
    return std::min(most_drained, *length - std::min(*length, consumed));
  } catch (const GatewayError&) {  // a length that is no number
    return 0;
  }
}

/// Reads what the application left of the body: Apache's mod_cgid loses the
/// response when its write of the body fails.
void drain(int fd, std::uint64_t left) {
  if (::isatty(fd) == 1) return;
  std::array<char, 65536> buffer;
  const auto end = Clock::now() + drain_time;
  while (left > 0) {
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - Clock::now());
    pollfd poll{fd, POLLIN, 0};
    if (time.count() <= 0 ||
        ::poll(&poll, 1, static_cast<int>(time.count())) <= 0) {
      return;
    }
    const ssize_t got = read_some(fd, buffer);
    if (got <= 0) return;
    left -= std::min(left, static_cast<std::uint64_t>(got));
  }
}

}  // namespace

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
  drain(streams.input.get(), left_of_body(variables, input.consumed()));
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
  drain(streams.input.get(),
        left_of_body(cgi_variables::process_environment(), 0));
}

}  // namespace decant::cgi
