// SPDX-License-Identifier: MIT
// Runs an application in memory, without a server, to count what it costs.
//   bench_host REQUESTS native | python FILE MODULE
// The native application is hello.cpp's; MODULE is what embeds Python.
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <decant/application/python.hpp>
#include <decant/decant.hpp>
#include <decant/gateway.hpp>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "nginx_variables.hpp"

decant::Body bench_application(decant::Environ& env,
                               const decant::StartResponse& start_response);

namespace {

class NoInput final : public decant::InputSource {
 public:
  std::size_t read(std::span<char>) override { return 0; }
};

class CountingOutput final : public decant::Output {
 public:
  void start(const decant::ResponseHead&, std::string_view chunk,
             bool) override {
    bytes += chunk.size();
  }
  void send(std::string_view chunk, bool) override { bytes += chunk.size(); }
  std::uint64_t bytes = 0;
};

class StandardError final : public decant::ErrorSink {
 public:
  void write(std::string_view lines) noexcept override {
    std::fwrite(lines.data(), 1, lines.size(), stderr);
  }
};

/// Requests that follow each other differ in path, query, port and cookie, as
/// those of several clients do: REQUEST_URI, DOCUMENT_URI, PATH_INFO,
/// QUERY_STRING, REMOTE_PORT and HTTP_COOKIE are new each time. Made before
/// anything is counted, as many however many are run.
class Requests {
 public:
  Requests() {
    for (std::size_t i = 0; i < count; ++i) {
      const std::string number = std::to_string(100 + i);
      bench::RequestText request;
      request.path = "/hello/" + number;
      request.query = "page=" + number;
      request.port = "51" + number;
      request.cookie = "session=" + number;
      texts_[i] = bench::nginx_variables(request);
      for (const auto& [name, value] : texts_[i]) {
        variables_[i].emplace_back(name, value);
      }
    }
  }

  const decant::Variables& operator[](std::uint64_t i) const {
    return variables_[i % count];
  }

 private:
  static constexpr std::size_t count = 256;
  std::array<std::array<std::pair<std::string_view, std::string>, 25>, count>
      texts_;
  std::array<decant::Variables, count> variables_;
};

decant::Application load(const std::vector<std::string>& words) {
  if (words.at(0) == "native") return bench_application;
  decant::python::Options options;
  options.module = words.at(2);
  return decant::python::load(words.at(1), options);
}

/// The bytes of all response bodies.
std::uint64_t run(const decant::Application& application, std::uint64_t times) {
  const Requests requests;
  const decant::normaliser::Rules rules;
  NoInput input;
  CountingOutput output;
  StandardError errors;
  for (std::uint64_t i = 0; i < times; ++i) {
    const decant::Exchange exchange{
        .variables = requests[i],
        .input = input,
        .output = output,
        .errors = errors,
        .rules = rules,
        .framing = decant::normaliser::Framing::end_of_stream,
        .concurrency = {}};
    if (decant::gateway::run(exchange, application) !=
        decant::Outcome::complete) {
      return 0;
    }
  }
  return output.bytes;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> words(argv + 1, argv + argc);
    const std::uint64_t times = std::stoull(words.at(0));
    const auto application = load({words.begin() + 1, words.end()});
    constexpr std::string_view hello = "Hello, World!\n";
    if (run(application, times) == times * hello.size()) return 0;
    std::fprintf(stderr, "bench_host: a response is wrong\n");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_host: %s\n", error.what());
  }
  return 1;
}
