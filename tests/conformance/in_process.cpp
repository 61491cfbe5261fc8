// SPDX-License-Identifier: MIT
// The gateway alone: an exchange in memory, the applications in this process.
#include "conformance/server_side.hpp"
#include "decant/error.hpp"
#include "decant/gateway.hpp"
#include "support/recording_exchange.hpp"

namespace decant::conformance {
namespace {

/// Keeps the response and shows it to the client as it comes.
class MemoryOutput final : public Output {
 public:
  explicit MemoryOutput(const Request& request) : request_(request) {}

  void start(const ResponseHead& head, std::string_view chunk, bool) override {
    response.status = head.status.line();
    response.headers = head.headers;
    transmit(chunk);
  }
  void send(std::string_view chunk, bool) override { transmit(chunk); }
  void exit_status(int status) noexcept override { failed = status != 0; }

  Response response;
  bool failed = false;

 private:
  void transmit(std::string_view chunk) {
    const std::string& leave = request_.leave_after;
    if (!leave.empty() && response.body.find(leave) != std::string::npos) {
      throw ClientGone("test: the client has left");
    }
    response.body += chunk;
    if (request_.on_received) request_.on_received(response.body);
  }

  const Request& request_;
};

class InProcess final : public ServerSide {
 public:
  explicit InProcess(Application application)
      : application_(std::move(application)) {
    rules_.variables.emplace_back(deployed_name, deployed_value);
  }

  Facts facts() const override { return {concurrency}; }

  Response serve(const Request& request) override {
    const Pairs owned = cgi_variables(request);
    const Variables variables(owned.begin(), owned.end());
    test::TextSource input(request.body);
    test::RecordingErrors errors;
    MemoryOutput output(request);
    const Exchange exchange{.variables = variables,
                            .input = input,
                            .output = output,
                            .errors = errors,
                            .rules = rules_,
                            .concurrency = concurrency};
    const Outcome outcome = gateway::run(exchange, application_);
    Response& response = output.response;
    const bool cut = outcome == Outcome::cut_short;
    response.complete = !cut;
    response.exit_status =
        cut || outcome == Outcome::failed || output.failed ? 1 : 0;
    response.log = errors.text;
    return std::move(response);
  }

 private:
  // Unlike any server side of decant's, so that none is promised by chance.
  static constexpr Concurrency concurrency = {
      .multithread = true, .multiprocess = true, .run_once = false};
  Application application_;
  normaliser::Rules rules_;
};

}  // namespace

std::unique_ptr<ServerSide> make_in_process(Kind kind) {
  return std::make_unique<InProcess>(load(kind));
}

}  // namespace decant::conformance
