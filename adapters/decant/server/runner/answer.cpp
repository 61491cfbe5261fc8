// SPDX-License-Identifier: MIT
#include "decant/server/runner/answer.hpp"

#include "decant/server/runner/request.hpp"

namespace decant::runner {
namespace {

class KeptOutput final : public Output {
 public:
  explicit KeptOutput(Answer& answer) : answer_(answer) {}

  void start(const ResponseHead& head, std::string_view chunk, bool) override {
    answer_.status = head.status.line();
    answer_.headers = head.headers;
    answer_.body += chunk;
  }
  void send(std::string_view chunk, bool) override { answer_.body += chunk; }

 private:
  Answer& answer_;
};

class KeptErrors final : public ErrorSink {
 public:
  explicit KeptErrors(std::string& text) : text_(text) {}

  void write(std::string_view lines) noexcept override {
    try {
      text_ += lines;
    } catch (...) {  // no memory is left for what went wrong
    }
  }

 private:
  std::string& text_;
};

}  // namespace

Answer answer(const Application& application, const Request& request,
              const normaliser::Rules& rules) {
  cgi_variables::RequestVariables variables = make_variables(request);
  const std::string_view data =
      request.data ? std::string_view(*request.data) : std::string_view();
  if (request.data) add_data(variables, data.size());
  Answer answer;
  MemorySource input(data);
  KeptOutput output(answer);
  KeptErrors errors(answer.errors);
  const Exchange exchange{.variables = variables.view(),
                          .input = input,
                          .output = output,
                          .errors = errors,
                          .rules = rules,
                          .concurrency = {}};
  answer.outcome = gateway::run(exchange, application);
  return answer;
}

}  // namespace decant::runner
