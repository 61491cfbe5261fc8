// SPDX-License-Identifier: MIT
#include "decant/service/request/observer.hpp"

#include <unistd.h>

#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/recording_exchange.hpp"

namespace decant::service {
namespace {

using Catch::Matchers::StartsWith;
using test::RecordingExchange;

/// Keeps what it was told.
class Witness final : public Observer {
 public:
  struct Seen {
    std::uint64_t id;
    int status;
    std::uint64_t received;
    std::uint64_t sent;
    RequestRecord::Clock::duration taken;
    RequestRecord::Clock::duration waited;
    Outcome outcome;
    std::string target;
  };

  void begin(const RequestRecord& record) noexcept override {
    begun.push_back(record.id);
    order += std::to_string(record.variables.size()) + " variables;";
  }
  void end(const RequestRecord& record) noexcept override {
    ended.push_back(
        {record.id, record.status, record.bytes_received, record.bytes_sent,
         record.taken, record.waited, record.outcome,
         std::string(normaliser::request_line(record.variables).target)});
    order += "end;";
  }
  bool shows_ids() const noexcept override { return shows; }

  bool shows = true;
  std::vector<std::uint64_t> begun;
  std::vector<Seen> ended;
  std::string order;
};

Outcome run(RecordingExchange& exchange, const Application& application,
            Observer* observer) {
  return run_observed(
      {exchange.variables,
       exchange.input,
       exchange.output,
       exchange.errors,
       exchange.rules,
       exchange.framing,
       exchange.paths,
       {}},
      application, observer,
      {RequestRecord::Clock::now() - std::chrono::milliseconds(7), 1,
       "fcgi://unix:/run/a"});
}

Body hello(Environ&, const StartResponse& start_response) {
  start_response("201 Created", {});
  return std::vector<std::string>{"Hello ", "world!\n"};
}

Body reads(Environ& env, const StartResponse& start_response) {
  start_response("200 OK", {});
  return env.input().read(4);
}

Body fails(Environ&, const StartResponse&) {
  throw std::runtime_error("no way");
}

TEST_CASE("An observer is told of the beginning and the end of a request") {
  RecordingExchange exchange;
  exchange.set("PATH_INFO", "/x");
  Witness witness;
  CHECK(run(exchange, hello, &witness) == Outcome::complete);
  CHECK(exchange.output.body() == "Hello world!\n");
  CHECK(witness.order == "7 variables;end;");
  REQUIRE(witness.ended.size() == 1);
  const Witness::Seen& seen = witness.ended[0];
  CHECK(witness.begun.at(0) == seen.id);
  CHECK(seen.status == 201);
  CHECK(seen.sent == 13);
  CHECK(seen.received == 0);
  CHECK(seen.outcome == Outcome::complete);
  CHECK(seen.waited >= std::chrono::milliseconds(7));
  CHECK(seen.waited < std::chrono::seconds(7));
  CHECK(seen.taken >= RequestRecord::Clock::duration::zero());
  CHECK(seen.target == "/x");
}

TEST_CASE("Bytes received are those the application read") {
  RecordingExchange exchange;
  exchange.set("REQUEST_METHOD", "POST");
  exchange.set("CONTENT_LENGTH", "10");
  exchange.input = test::TextSource("0123456789");
  Witness witness;
  CHECK(run(exchange, reads, &witness) == Outcome::complete);
  CHECK(witness.ended.at(0).received == 4);
  CHECK(witness.ended.at(0).sent == 4);
}

TEST_CASE("An application that fails has status 500 for an observer too") {
  RecordingExchange exchange;
  Witness witness;
  CHECK(run(exchange, fails, &witness) == Outcome::failed);
  CHECK(witness.ended.at(0).status == 500);
  CHECK(witness.ended.at(0).outcome == Outcome::failed);
}

TEST_CASE("Without a head there is no status") {
  RecordingExchange exchange;
  exchange.output.gone_at = 0;
  Witness witness;
  CHECK(run(exchange, hello, &witness) == Outcome::client_gone);
  CHECK(witness.ended.at(0).status == 0);
  CHECK(witness.ended.at(0).sent == 0);
}

TEST_CASE("Bytes sent are those that were taken") {
  RecordingExchange exchange;
  exchange.output.gone_at = 1;
  Witness witness;
  CHECK(run(exchange, hello, &witness) == Outcome::client_gone);
  CHECK(witness.ended.at(0).status == 201);
  CHECK(witness.ended.at(0).sent == 6);
}

TEST_CASE("Without an observer a request runs as ever, without a number") {
  RecordingExchange exchange;
  CHECK(run(exchange, fails, nullptr) == Outcome::failed);
  CHECK_THAT(exchange.errors.text, StartsWith("decant: GET /: "));
}

TEST_CASE("Lines of the log carry the number of an observed request") {
  RecordingExchange exchange;
  Witness witness;
  run(exchange, fails, &witness);
  const RequestIdText id(witness.begun.at(0));
  CHECK(exchange.errors.text == "decant: [" + std::string(id.view()) +
                                    "] GET /: std::runtime_error: no way\n");
  // Where nothing else shows it, it says nothing.
  witness.shows = false;
  exchange.errors.text.clear();
  run(exchange, fails, &witness);
  CHECK(exchange.errors.text == "decant: GET /: std::runtime_error: no way\n");
}

TEST_CASE("Several observers are told as one") {
  struct Share final : Observer {
    Share(std::string& l, char n) : log(l), name(n) {}
    void begin(const RequestRecord&) noexcept override { log += name; }
    void end(const RequestRecord&) noexcept override { log += name; }
    std::string& log;
    char name;
  };
  std::string log;
  std::vector<std::unique_ptr<Observer>> observers;
  CHECK(together({}) == nullptr);
  observers.push_back(nullptr);
  observers.push_back(std::make_unique<Share>(log, 'a'));
  const Observer* const alone = observers[1].get();
  const auto one = together(std::move(observers));
  CHECK(one.get() == alone);
  observers.clear();
  observers.push_back(std::make_unique<Share>(log, 'a'));
  observers.push_back(std::make_unique<Share>(log, 'b'));
  const auto both = together(std::move(observers));
  RecordingExchange exchange;
  run(exchange, hello, both.get());
  CHECK(log == "abab");
}

TEST_CASE("A number names the process and is never given twice") {
  std::set<std::uint64_t> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(next_request_id());
  CHECK(ids.size() == 1000);
  CHECK_THAT(std::string(RequestIdText(next_request_id()).view()),
             StartsWith(std::to_string(::getpid()) + '-'));
}

TEST_CASE("A process that was forked has numbers of its own") {
  next_request_id();
  CHECK(test::in_child([] {
          const std::string id(RequestIdText(next_request_id()).view());
          return id == std::to_string(::getpid()) + "-1" ? 0 : 1;
        }) == 0);
}

TEST_CASE("The longest number has room") {
  CHECK(RequestIdText(~std::uint64_t{0}).view() == "16777215-1099511627775");
}

}  // namespace
}  // namespace decant::service
