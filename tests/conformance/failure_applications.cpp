// SPDX-License-Identifier: MIT
// Applications that fail, that complain, that wait, and whose client leaves.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <thread>

#include "conformance/applications.hpp"
#include "decant/descriptor.hpp"

namespace decant::conformance {
namespace {

[[noreturn]] void fail() {
  throw std::runtime_error("secret");
}

/// Throws instead of its second chunk.
class FailingBody final : public ClosingBody {
 public:
  FailingBody(Environ& env, std::string name, std::size_t good)
      : ClosingBody(env, std::move(name),
                    std::vector<std::string>(good, "begun ")),
        good_(good) {}
  bool next(std::string& chunk) override {
    if (good_-- == 0) fail();
    return ClosingBody::next(chunk);
  }

 private:
  std::size_t good_;
};

class FailingClose final : public ClosingBody {
 public:
  using ClosingBody::ClosingBody;
  void close() override {
    ClosingBody::close();
    fail();
  }
};

/// Says that it has gone when the coroutine it lives in has.
class Guard {
 public:
  Guard(Environ& env, const char* name) : env_(env), name_(name) {}
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  ~Guard() { env_.errors().write(std::string("closed ") + name_ + '\n'); }

 private:
  Environ& env_;
  const char* name_;
};

Body fails_first(Environ&, const StartResponse&) {
  fail();
}

Body fails_started(Environ&, const StartResponse& start_response) {
  start_response("200 OK", plain_text({{"X-Secret", "secret"}}));
  fail();
}

Body fails_in_body(Environ& env, const StartResponse& start_response) {
  start_response("200 OK", plain_text());
  return FailingBody(env, "in-body", 0);
}

Body fails_midway(Environ& env, const StartResponse& start_response) {
  start_response("200 OK", plain_text());
  return FailingBody(env, "midway", 1);
}

Body fails_within_length(Environ& env, const StartResponse& start_response) {
  start_response("200 OK", plain_text({{"Content-Length", "1000"}}));
  return FailingBody(env, "within-length", 1);
}

Body fails_after_write(Environ&, const StartResponse& start_response) {
  const Write write = start_response("200 OK", plain_text());
  write("begun ");
  fail();
}

Chunks fails_as_generator(Environ& env, StartResponse start_response) {
  const Guard guard(env, "generator");
  start_response("200 OK", plain_text());
  co_yield "begun ";
  fail();
}

Chunks bad_generator(Environ& env, StartResponse start_response) {
  const Guard guard(env, "bad-generator");
  start_response("no status", plain_text());
  co_yield "never sent";
}

Chunks good_generator(Environ& env, StartResponse start_response) {
  const Guard guard(env, "good-generator");
  start_response("200 OK", plain_text());
  co_yield "generated\n";
}

Body throws_a_number(Environ&, const StartResponse&) {
  throw 42;
}

Body fails_in_close(Environ& env, const StartResponse& start_response) {
  start_response("200 OK", plain_text());
  return FailingClose(env, "failing", {"all ", "sent\n"});
}

Body complains(Environ& env, const StartResponse& start_response) {
  env.errors().write("one line\ntwo ");
  env.errors().write("parts\n");
  env.errors().write("\x1B[31mred\x1B[0m\r and \x07\n");
  env.errors().write("unfinished");
  start_response("200 OK", plain_text());
  return "complained\n";
}

/// What it prints must not end up in the response.
Body prints(Environ&, const StartResponse& start_response) {
  std::cout << "printed by C++" << std::endl;
  std::printf("printed by C\n");
  std::fflush(stdout);
  if (std::system("echo printed by a child") != 0) return "no shell\n";
  start_response("200 OK", plain_text());
  return "the response\n";
}

/// Nor may it find the request body on its standard input.
Body reads_standard_input(Environ& env, const StartResponse& start_response) {
  char byte = 0;
  const bool empty = ::read(STDIN_FILENO, &byte, 1) == 0;
  start_response("200 OK", plain_text());
  return (empty ? "nothing there, " : "something there, ") + env.input().read();
}

/// Waits until the client writes into the FIFO that the query names, which it
/// does when it has received the first chunk.
void wait_for_client(const Environ& env) {
  const std::string gate(env["QUERY_STRING"]);
  const Descriptor fifo(
      ::open(gate.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  pollfd polled{fifo.get(), POLLIN, 0};
  if (!fifo || ::poll(&polled, 1, 10'000) != 1) {
    throw std::runtime_error("the client has not received the first chunk");
  }
}

Chunks streams(Environ& env, StartResponse start_response) {
  start_response("200 OK", plain_text());
  co_yield "first\n";
  wait_for_client(env);
  co_yield "second\n";
}

Body streams_by_write(Environ& env, const StartResponse& start_response) {
  const Write write = start_response("200 OK", plain_text());
  write("first\n");
  wait_for_client(env);
  return "second\n";
}

/// Goes on until its client has left.
Chunks endless(Environ& env, StartResponse start_response) {
  const Guard guard(env, "endless");
  start_response("200 OK", plain_text());
  co_yield "first\n";
  for (;;) {
    co_yield std::string(1000, '.');
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

/// Has nothing to say, and says so.
Chunks waits_in_body(Environ& env, StartResponse start_response) {
  const Guard guard(env, "waits-in-body");
  start_response("200 OK", plain_text());
  co_yield "first\n";
  for (;;) {
    co_yield "";
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

/// Waits for something else than its client.
Body waits_before_body(Environ& env, const StartResponse& start_response) {
  while (!env.client_gone()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  start_response("200 OK", plain_text());
  return "too late\n";
}

}  // namespace

void add_failure_applications(Applications& applications) {
  applications["fails-first"] = fails_first;
  applications["fails-started"] = fails_started;
  applications["fails-in-body"] = fails_in_body;
  applications["fails-midway"] = fails_midway;
  applications["fails-within-length"] = fails_within_length;
  applications["fails-after-write"] = fails_after_write;
  applications["fails-as-generator"] = fails_as_generator;
  applications["bad-generator"] = bad_generator;
  applications["good-generator"] = good_generator;
  applications["throws-a-number"] = throws_a_number;
  applications["fails-in-close"] = fails_in_close;
  applications["complains"] = complains;
  applications["prints"] = prints;
  applications["reads-standard-input"] = reads_standard_input;
  applications["streams"] = streams;
  applications["streams-by-write"] = streams_by_write;
  applications["endless"] = endless;
  applications["waits-in-body"] = waits_in_body;
  applications["waits-before-body"] = waits_before_body;
}

}  // namespace decant::conformance
