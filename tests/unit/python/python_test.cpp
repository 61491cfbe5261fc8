// SPDX-License-Identifier: MIT
// The Python host in a process of its own making: what a thread remembers from
// request to request must never show, and a fork must not stop it.
#include "decant/application/python.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <random>
#include <thread>

#include "decant/fork.hpp"
#include "support/catch.hpp"
#include "support/recording_exchange.hpp"

namespace decant {
namespace {

Application load(const std::string& callable) {
  python::Options options;
  options.module = PYTHON_MODULE;
  return python::load(std::string(PYTHON_APPLICATIONS) + ':' + callable,
                      options);
}

using Pairs = std::map<std::string, std::string>;

/// What application() shows of a request with these variables.
std::string shown(const Application& application, const Pairs& pairs,
                  std::mt19937& random) {
  test::RecordingExchange exchange;
  for (const auto& [name, value] : pairs) exchange.set(name, value);
  std::vector<Variable> all(exchange.variables.begin(),
                            exchange.variables.end());
  std::shuffle(all.begin(), all.end(), random);
  exchange.variables = Variables(all.begin(), all.end());
  REQUIRE(exchange.run(application) == Outcome::complete);
  return exchange.output.body();
}

std::string expected(Pairs pairs) {
  const test::RecordingExchange exchange;
  for (const auto& [name, value] : exchange.variables) {
    pairs.emplace(name, value);
  }
  std::string text;
  for (const auto& [name, value] : pairs) text += name + '=' + value + '\n';
  return text;
}

class Numbers {
 public:
  explicit Numbers(unsigned seed) : engine(seed) {}
  std::size_t below(std::size_t bound) { return engine() % bound; }
  std::mt19937 engine;
};

/// Variables as clients vary them: some stay, some change, some come and go,
/// some are long, some secret.
Pairs random_variables(Numbers& numbers, std::size_t names) {
  Pairs pairs;
  for (std::size_t i = 0; i < numbers.below(30); ++i) {
    std::string name = "HTTP_X" + std::to_string(numbers.below(names));
    if (numbers.below(40) == 0) name += std::string(70, 'Y');
    std::string value = std::to_string(numbers.below(3));
    if (numbers.below(20) == 0) value += std::string(2000, 'v');
    pairs.insert_or_assign(std::move(name), std::move(value));
  }
  for (const char* const name : {"HTTP_COOKIE", "HTTP_AUTHORIZATION"}) {
    if (numbers.below(3) == 0) pairs[name] = std::to_string(numbers.below(2));
  }
  pairs["REMOTE_ADDR"] = "10.0.0." + std::to_string(numbers.below(50) / 49);
  pairs["REQUEST_URI"] = "/" + std::to_string(numbers.below(1000));
  return pairs;
}

}  // namespace

TEST_CASE("each environ holds the variables of its request and no others") {
  const Application application = load("application");
  const unsigned seed = GENERATE(1U, 2U, 3U);
  // Few names, that are remembered; and more than can be.
  const std::size_t names = GENERATE(8U, 40U, 3000U);
  Numbers numbers(seed);
  Pairs pairs;
  for (int i = 0; i < 3000; ++i) {
    // Runs of equal requests let values and names settle.
    if (i % 7 == 0) pairs = random_variables(numbers, names);
    const std::string seen = shown(application, pairs, numbers.engine);
    if (seen != expected(pairs)) REQUIRE(seen == expected(pairs));
  }
}

TEST_CASE("what an application keeps of a request is not used again") {
  const Application application = load("keeps");
  for (int i = 0; i < 20; ++i) {
    test::RecordingExchange exchange;
    const std::string number = std::to_string(i);
    exchange.set("QUERY_STRING", number);
    REQUIRE(exchange.run(application) == Outcome::complete);
    CHECK(exchange.output.body() == "0" + number);
  }
}

TEST_CASE("the scheme follows the request") {
  const Application application = load("scheme");
  for (const char* const https : {"off", "on", "on", "off", "on"}) {
    test::RecordingExchange exchange;
    exchange.set("HTTPS", https);
    exchange.run(application);
    CHECK(exchange.output.body() ==
          (std::string_view(https) == "on" ? "https" : "http"));
  }
}

TEST_CASE("many threads each have their own environ") {
  const Application application = load("application");
  std::vector<int> wrong(8);
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < wrong.size(); ++t) {
      threads.emplace_back([&wrong, &application, t] {
        Numbers numbers(t);
        for (int i = 0; i < 500; ++i) {
          const Pairs pairs = random_variables(numbers, 20);
          test::RecordingExchange exchange;
          for (const auto& [name, value] : pairs) exchange.set(name, value);
          exchange.run(application);
          if (exchange.output.body() != expected(pairs)) ++wrong[t];
        }
      });
    }
  }
  CHECK(wrong == std::vector<int>(8));
}

TEST_CASE("a process with busy Python threads forks, and the child serves") {
  const Application application = load("busy()");
  int bad = 0;
  for (int i = 0; i < 200; ++i) {
    const pid_t child = fork_process();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::alarm(20);  // a dead-lock is to be seen
      std::jthread other([&application] {
        test::RecordingExchange exchange;
        exchange.run(application);
      });
      other.join();
      test::RecordingExchange exchange;
      const bool good = exchange.run(application) == Outcome::complete;
      ::_exit(good && exchange.output.body() == expected({}) ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    if (status != 0) ++bad;
  }
  CHECK(bad == 0);
}

}  // namespace decant
