// SPDX-License-Identifier: MIT
// The server sides that serve a request in a process of its own: CGI and the
// two forms of the runner.
#include <cstdlib>
#include <stdexcept>

#include "conformance/server_side.hpp"
#include "support/http_client.hpp"
#include "support/process.hpp"
#include "support/temporary_directory.hpp"
#include "support/wait.hpp"

namespace decant::conformance {
namespace {

using test::Command;
using test::Process;
using test::Words;

const std::string deployed =
    std::string(deployed_name) + '=' + std::string(deployed_value);

/// The environment of a CGI program, and what steers a sanitizer.
Pairs clean_environment(Pairs variables) {
  for (const char* const name : {"ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS",
                                 "UBSAN_OPTIONS", "PYTHONMALLOC"}) {
    const char* const value = std::getenv(name);
    if (value != nullptr) variables.emplace_back(name, value);
  }
  return variables;
}

/// Those of the command; `words` begin with a side and APP.
Words command_words(Words words) {
  // Python starts for each row: without site and packages of a user it does so
  // sooner, but takes no allocator from its environment either.
  const bool is_python = words[1].starts_with("python:");
  if (is_python && std::getenv("PYTHONMALLOC") == nullptr) {
    words.emplace_back("--isolated");
  }
  words.insert(words.begin(), decant_command());
  return words;
}

/// A process that ended, and what it wrote.
struct Ended {
  int status;
  std::string out;
  std::string err;
};

/// Plays the client's part while the process runs.
Ended converse(Command command, const Request& request) {
  Process process(std::move(command));
  std::size_t seen = 0;
  const bool left = process.pump_until([&] {
    const std::string& out = process.out();
    if (out.size() == seen) return false;
    seen = out.size();
    if (request.on_received) request.on_received(out);
    return !request.leave_after.empty() &&
           out.find(request.leave_after) != std::string::npos;
  });
  if (left) process.close_output();
  const auto status = process.wait();
  if (!status) {
    throw std::runtime_error("the process did not end; it wrote " +
                             process.out().substr(0, 200) + process.err());
  }
  return {*status, process.out(), process.err()};
}

/// What a CGI response and an exit status come to.
Response judged(const Ended& ended) {
  Response response = parse_cgi_response(ended.out);
  response.complete = ended.status == 0 || response.status.starts_with("500");
  response.exit_status = ended.status;
  response.log = ended.err;
  return response;
}

class Cgi final : public ServerSide {
 public:
  explicit Cgi(std::string app) : app_(std::move(app)) {}

  Facts facts() const override {
    return {{.multithread = false, .multiprocess = true, .run_once = true}};
  }

  Response serve(const Request& request) override {
    return judged(
        converse({.words = command_words({"cgi", app_, "--env", deployed}),
                  .environment = clean_environment(cgi_variables(request)),
                  .inherit_environment = false,
                  .input = request.body},
                 request));
  }

 private:
  std::string app_;
};

/// The same, handed over to a worker, in a folder that no other test knows.
class Warm final : public ServerSide {
 public:
  explicit Warm(const std::string& app)
      : app_(app), environment_({{"XDG_RUNTIME_DIR", folder_.path()}}) {
    // The first one is served cold, and leaves the worker behind.
    Warm::serve(Request{});
    if (!test::wait_until(
            [this] { return ask("--warm-status").status == 0; })) {
      throw std::runtime_error("there is no warm worker");
    }
  }
  ~Warm() override { ask("--warm-stop"); }

  Facts facts() const override {
    return {{.multithread = false, .multiprocess = true, .run_once = false}};
  }

  Response serve(const Request& request) override {
    Pairs variables = cgi_variables(request);
    variables.insert(variables.end(), environment_.begin(), environment_.end());
    return judged(converse({.words = words("--warm=60"),
                            .environment = clean_environment(variables),
                            .inherit_environment = false,
                            .input = request.body},
                           request));
  }

 private:
  Words words(const std::string& option) const {
    return command_words({"cgi", app_, "--env", deployed, option});
  }
  test::Ran ask(const std::string& option) const {
    return test::run({.words = words(option), .environment = environment_});
  }

  test::TemporaryDirectory folder_;
  std::string app_;
  Pairs environment_;
};

class Runner final : public ServerSide {
 public:
  explicit Runner(std::string app) : app_(std::move(app)) {}

  Facts facts() const override {
    return {{.multithread = false, .multiprocess = false, .run_once = true}};
  }

  Response serve(const Request& request) override {
    // What has no option is said by the environment.
    const bool by_environment = request.chunked || !request.variables.empty();
    return judged(converse(
        by_environment ? from_environment(request) : from_options(request),
        request));
  }

 private:
  Command from_environment(const Request& request) const {
    return {.words = command_words({"run", app_, "--env", deployed}),
            .environment = clean_environment(cgi_variables(request)),
            .inherit_environment = false,
            .input = request.body};
  }

  Command from_options(const Request& request) const {
    Words words = command_words(
        {"run", app_, request.target, "--env", deployed, "-X", request.method});
    for (const auto& [name, value] : request.headers) {
      words.emplace_back("-H");
      words.push_back(name);
      words.back().append(": ").append(value);
    }
    if (request.content_length) {
      words.insert(words.end(),
                   {"-H", "Content-Length: " + *request.content_length});
    }
    if (request.content_length || !request.body.empty()) {
      words.insert(words.end(), {"-d", "@-"});
    }
    return {.words = words, .input = request.body};
  }

  std::string app_;
};

/// A pipe of HTTP with one request in it.
class Http final : public ServerSide {
 public:
  explicit Http(std::string app) : app_(std::move(app)) {}

  Facts facts() const override {
    return {{.multithread = false, .multiprocess = false, .run_once = false}};
  }

  Response serve(const Request& request) override {
    const Ended ended = converse(
        {.words = command_words({"run", app_, "--http", "--env", deployed}),
         .input = http_text(request)},
        request);
    const bool to_head = request.method == "HEAD";
    const auto http = test::parse_http_response(ended.out, true, to_head);
    if (http->size != ended.out.size()) {
      throw std::runtime_error("something follows the response: " +
                               ended.out.substr(http->size));
    }
    return {http->status_line, http->headers, http->body,
            http->complete,    ended.status,  ended.err};
  }

 private:
  static std::string http_text(const Request& request) {
    if (request.chunked) {
      return test::http_chunked_request(request.method, request.target,
                                        request.body, 1000, request.headers);
    }
    Headers headers = request.headers;
    if (request.content_length) {
      headers.emplace_back("Content-Length", *request.content_length);
    }
    return test::http_request(request.method, request.target, request.body,
                              headers);
  }

  std::string app_;
};

}  // namespace

std::unique_ptr<ServerSide> make_cgi(Kind kind) {
  return std::make_unique<Cgi>(app(kind));
}
std::unique_ptr<ServerSide> make_warm(Kind kind) {
  return std::make_unique<Warm>(app(kind));
}
std::unique_ptr<ServerSide> make_runner(Kind kind) {
  return std::make_unique<Runner>(app(kind));
}
std::unique_ptr<ServerSide> make_pipe(Kind kind) {
  return std::make_unique<Http>(app(kind));
}

}  // namespace decant::conformance
