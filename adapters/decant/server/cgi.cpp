// SPDX-License-Identifier: MIT
#include "decant/server/cgi.hpp"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "decant/cgi_response.hpp"
#include "decant/cgi_streams.hpp"
#include "decant/error_page.hpp"
#include "decant/stdio.hpp"

namespace decant::cgi {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t most_drained = 64 << 20;
constexpr std::chrono::seconds drain_time{2};

/// A web server that announced a body may still be writing it.
bool has_body(const Variables& variables) {
  for (const auto& [name, value] : variables) {
    if (name == "CONTENT_LENGTH" && !value.empty() && value != "0") return true;
    if (name == "HTTP_TRANSFER_ENCODING" && !value.empty()) return true;
  }
  return false;
}

/// Reads what the application left of the body: Apache's mod_cgid loses the
/// response when its write of the body fails.
void drain(int fd) {
  std::array<char, 65536> buffer;
  const auto end = Clock::now() + drain_time;
  for (std::size_t drained = 0; drained < most_drained;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - Clock::now());
    pollfd poll{fd, POLLIN, 0};
    if (left.count() <= 0 ||
        ::poll(&poll, 1, static_cast<int>(left.count())) <= 0) {
      return;
    }
    const ssize_t got = read_some(fd, buffer);
    if (got <= 0) return;
    drained += static_cast<std::size_t>(got);
  }
}

}  // namespace

int serve(const Application& application, const Options& options) {
  const StandardStreams& streams = own_standard_streams();
  ::signal(SIGPIPE, SIG_IGN);  // a client that left is no reason to die
  const Variables variables = cgi_request::process_environment();
  DescriptorSource input(streams.input.get());
  CgiOutput output(streams.output.get());
  DescriptorSink errors(STDERR_FILENO);
  const Exchange exchange{variables,
                          input,
                          output,
                          errors,
                          options.rules,
                          cgi_request::Framing::content_length,
                          {.multiprocess = true, .run_once = true}};
  const Outcome outcome = gateway::run(exchange, application);
  if (has_body(variables)) drain(streams.input.get());
  return outcome == Outcome::failed || outcome == Outcome::cut_short ? 1 : 0;
}

void answer_not_loaded() {
  const ErrorPage page(500);
  std::string text;
  cgi_response::write_head(text, page.status, page.headers);
  text += page.body;
  write_all(own_standard_streams().output.get(), text);
}

}  // namespace decant::cgi
