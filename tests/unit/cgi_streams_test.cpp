// SPDX-License-Identifier: MIT
#include "decant/cgi_streams.hpp"

#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "decant/error.hpp"
#include "decant/server/cgi.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/pipe.hpp"

using namespace decant;
using Catch::Contains;
using Catch::StartsWith;
using test::Pipe;

namespace {

/// As long as one lives a write to nobody is an error and no signal.
class WithoutSigpipe {
 public:
  WithoutSigpipe() : before_(::signal(SIGPIPE, SIG_IGN)) {}
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;
  ~WithoutSigpipe() { ::signal(SIGPIPE, before_); }

 private:
  void (*before_)(int);
};

const Status ok("200 OK");
const Headers plain = {{"Content-Type", "text/plain"}};

/// What a CGI process came to.
struct Served {
  int status;
  std::string out;
  std::string err;
  std::string left;  // of standard input
};

/// Runs `program` in a process with these variables and nothing else, and
/// `input` on a standard input that ends only where the test says so.
Served in_cgi_process(const Variables& variables, std::string_view input,
                      bool input_ends, const std::function<int()>& program) {
  Pipe in;
  Pipe out;
  Pipe err;
  REQUIRE(write_all(in.write.get(), input));
  if (input_ends) in.write.reset();
  Served served;
  served.status = test::in_child([&] {
    ::dup2(in.read.get(), 0);
    ::dup2(out.write.get(), 1);
    ::dup2(err.write.get(), 2);
    ::clearenv();
    for (const auto& [name, value] : variables) {
      ::setenv(std::string(name).c_str(), std::string(value).c_str(), 1);
    }
    return program();
  });
  out.write.reset();
  err.write.reset();
  in.write.reset();
  served.out = test::read_to_end(out.read.get());
  served.err = test::read_to_end(err.read.get());
  served.left = test::read_to_end(in.read.get());
  return served;
}

Served serve(const Application& application, const Variables& variables,
             std::string_view input = "", bool input_ends = true) {
  return in_cgi_process(variables, input, input_ends,
                        [&] { return cgi::serve(application); });
}

/// Reads the body and gives it back.
Body echo(Environ& env, const StartResponse& start_response) {
  std::string body = env.input().read();
  start_response("200 OK", plain);
  return body;
}

Body no_reader(Environ&, const StartResponse& start_response) {
  start_response("200 OK", plain);
  return "done";
}

template <class Run>
bool is_quick(const Run& run) {
  const auto start = std::chrono::steady_clock::now();
  run();
  // The bound of the drain is two seconds.
  return std::chrono::steady_clock::now() - start <
         std::chrono::milliseconds(1800);
}

}  // namespace

TEST_CASE("a descriptor source gives what is there and counts it") {
  Pipe pipe;
  REQUIRE(write_all(pipe.write.get(), "hello"));
  pipe.write.reset();
  DescriptorSource source(pipe.read.get());
  std::array<char, 3> buffer{};
  CHECK(source.read(buffer) == 3);
  CHECK(source.read(buffer) == 2);
  CHECK(source.read(buffer) == 0);
  CHECK(source.read(buffer) == 0);
  CHECK(source.consumed() == 5);
}

TEST_CASE("a descriptor that cannot be read is a client that is gone") {
  DescriptorSource source(-1);
  std::array<char, 3> buffer{};
  CHECK_THROWS_AS(source.read(buffer), ClientGone);
}

TEST_CASE("a descriptor sink writes what it is given and never throws") {
  Pipe pipe;
  DescriptorSink(pipe.write.get()).write("one\ntwo\n");
  pipe.write.reset();
  CHECK(test::read_to_end(pipe.read.get()) == "one\ntwo\n");
  DescriptorSink(-1).write("lost\n");
}

TEST_CASE("a CGI head and the first chunk go out in one write") {
  std::array<int, 2> ends{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends.data()) ==
          0);
  const Descriptor near(ends[0]);
  const Descriptor far(ends[1]);
  CgiOutput output(near.get());
  output.start({ok, plain, std::nullopt, true}, "first", false);
  output.send("second", true);
  std::array<char, 200> buffer{};
  const auto packet = [&] {
    const ssize_t got = ::recv(far.get(), buffer.data(), buffer.size(), 0);
    return std::string(buffer.data(), static_cast<std::size_t>(got));
  };
  CHECK(packet() == "Status: 200 OK\r\nContent-Type: text/plain\r\n\r\nfirst");
  CHECK(packet() == "second");
}

TEST_CASE("a CGI output whose reader has left says so every time") {
  const WithoutSigpipe guard;
  Pipe pipe;
  pipe.read.reset();
  CgiOutput output(pipe.write.get());
  CHECK_THROWS_AS(output.start({ok, plain, std::nullopt, true}, "x", false),
                  ClientGone);
  CHECK_THROWS_AS(output.send("y", true), ClientGone);
}

TEST_CASE("CGI takes the variables from the environment") {
  const auto application = [](Environ& env, const StartResponse& start) {
    start("200 OK", plain);
    return Body(std::string(env["REQUEST_METHOD"]) + ' ' +
                std::string(env["SCRIPT_NAME"]) + ' ' +
                std::string(env["PATH_INFO"]) + ' ' +
                std::string(env["HTTP_ACCEPT"]) +
                (env.multithread() ? " threads" : "") +
                (env.multiprocess() ? " processes" : "") +
                (env.run_once() ? " once" : ""));
  };
  const Served served = serve(application, {{"REQUEST_METHOD", "GET"},
                                            {"SCRIPT_NAME", "/cgi-bin/x"},
                                            {"PATH_INFO", "/y"},
                                            {"HTTP_ACCEPT", "*/*"}});
  CHECK(served.status == 0);
  CHECK_THAT(served.out, StartsWith("Status: 200 OK\r\n") &&
                             Contains("\r\n\r\nGET /cgi-bin/x /y */* "
                                      "processes once"));
  CHECK(served.err.empty());
}

TEST_CASE("a CGI body has CONTENT_LENGTH bytes and nobody waits for more") {
  Served served;
  CHECK(is_quick([&] {
    served = serve(echo, {{"REQUEST_METHOD", "POST"}, {"CONTENT_LENGTH", "5"}},
                   "hello and more", false);
  }));
  CHECK(served.status == 0);
  CHECK_THAT(served.out, Contains("\r\n\r\nhello"));
  CHECK(served.left == " and more");
}

TEST_CASE("CGI waits for no body that was not announced") {
  for (const Variable& length :
       {Variable{"CONTENT_LENGTH", ""}, Variable{"CONTENT_LENGTH", "0"},
        Variable{"CONTENT_LENGTH", "00"}, Variable{"CONTENT_LENGTH", "-1"},
        Variable{"UNRELATED", "5"}, Variable{"CONTENT_LENGTH", "x"},
        Variable{"HTTP_TRANSFER_ENCODING", "identity"}}) {
    CAPTURE(length.name, length.value);
    Served served;
    CHECK(is_quick([&] {
      served = serve(echo, {{"REQUEST_METHOD", "POST"}, length}, "x", false);
    }));
    CHECK(served.status == 0);
    CHECK(served.left == "x");
  }
}

TEST_CASE("CGI reads a body that is said to be chunked to its end") {
  const Served served = serve(
      echo, {{"REQUEST_METHOD", "POST"}, {"HTTP_TRANSFER_ENCODING", "chunked"}},
      "decoded");
  CHECK_THAT(served.out, Contains("\r\n\r\ndecoded"));
}

TEST_CASE("CGI drains an announced body that nobody read") {
  const Served known =
      serve(no_reader, {{"REQUEST_METHOD", "POST"}, {"CONTENT_LENGTH", "5"}},
            "hello", false);
  CHECK(known.status == 0);
  CHECK_THAT(known.out, Contains("\r\n\r\ndone"));
  CHECK(known.left.empty());
  const Served chunked =
      serve(no_reader,
            {{"REQUEST_METHOD", "POST"}, {"HTTP_TRANSFER_ENCODING", "chunked"}},
            "hello");
  CHECK(chunked.left.empty());
}

TEST_CASE("the exit status of CGI tells a failed application") {
  const Variables get = {{"REQUEST_METHOD", "GET"}};
  const Served failed =
      serve([](Environ&, const StartResponse&) -> Body { throw 1; }, get);
  CHECK(failed.status == 1);
  CHECK_THAT(failed.out, StartsWith("Status: 500 Internal Server Error\r\n"));
  CHECK_FALSE(failed.err.empty());
  const Served cut = serve(
      [](Environ&, const StartResponse& start) {
        start("200 OK", {{"Content-Length", "10"}});
        return Body("short");
      },
      get);
  CHECK(cut.status == 1);
  CHECK_THAT(cut.out, StartsWith("Status: 200 OK\r\n"));
  const Served refused =
      serve(no_reader, {{"REQUEST_METHOD", "POST"}, {"CONTENT_LENGTH", "x"}});
  CHECK(refused.status == 0);
  CHECK_THAT(refused.out, StartsWith("Status: 400 "));
}

TEST_CASE("a CGI client that left is no failure and no signal") {
  const int status = test::in_child([] {
    Pipe out;
    ::dup2(out.write.get(), 1);
    out.read.reset();
    out.write.reset();
    ::setenv("REQUEST_METHOD", "GET", 1);
    return cgi::serve(no_reader);
  });
  CHECK(status == 0);
}

TEST_CASE("what could not be loaded is answered with 500, the body drained") {
  const Served served =
      in_cgi_process({{"REQUEST_METHOD", "POST"}, {"CONTENT_LENGTH", "5"}},
                     "hello", false, [] {
                       cgi::answer_not_loaded();
                       return 3;
                     });
  CHECK(served.status == 3);
  CHECK_THAT(served.out, StartsWith("Status: 500 Internal Server Error\r\n") &&
                             Contains("Content-Type: text/plain\r\n"));
  CHECK(served.left.empty());
}
