// SPDX-License-Identifier: MIT
// Warm CGI: what becomes of a request that is handed over to a worker.
#include <signal.h>

#include <filesystem>
#include <thread>

#include "integration/warm_fixtures.hpp"
#include "support/catch.hpp"

using namespace decant::test;
using Catch::Matchers::Contains;

namespace fs = std::filesystem;

namespace {

void check_is_told(const std::string& errors, const std::string& word) {
  for (const char* const text :
       {"printed ", "said ", "to one ", "to two ", "a child ", "complained "}) {
    CAPTURE(text);
    CHECK(count(errors, text + word + "\n") == 1);
  }
}

}  // namespace

TEST_CASE("the second request is served by a worker", "[warm]") {
  if (no_python()) return;
  const TemporaryDirectory tree;
  const bool by_front = GENERATE(false, true);
  const WarmSite site({"--warm"},
                      by_front ? install_front(tree) : decant_command());
  const WarmAnswer first = site.ask();
  CHECK(first.is_cold());
  CHECK(first.body == "first");
  const pid_t worker = site.warm_up();
  CHECK(site.ask().by == worker);
  const WarmAnswer last = site.ask();
  CHECK(last.status == 0);
  CHECK(last.body == "first");
  CHECK(last.err.empty());
  std::string head = first.head;
  const std::string caller = std::to_string(first.caller);
  head.replace(head.find(caller), caller.size(), std::to_string(worker));
  CHECK(last.head == head);
  CHECK(site.processes() == std::vector{worker});
  CHECK(site.ends());
}

TEST_CASE("a native application is served warm, and so is a program of its own",
          "[warm]") {
  const bool own = GENERATE(false, true);
  const WarmSite site;
  Command command = site.request();
  command.words =
      own ? Words{hello_binary(), "cgi", "--warm"}
          : Words{decant_command(), "cgi", plugin("hello"), "--warm"};
  Command status = command;
  status.words.back() = "--warm-status";
  const std::string answer = run(command).out;
  CHECK_THAT(answer, Contains("Hello world!"));
  REQUIRE(wait_until([&] {
    CHECK(run(command).out == answer);
    const Ran told = run(status);
    return told.out.find("process ") == 0 &&
           told.out.find(" 0 requests") == std::string::npos;
  }));
  CHECK(site.ends());
}

TEST_CASE("environ is that of the request, whole", "[warm]") {
  if (no_python()) return;
  const WarmSite site;
  site.warm_up({{"HTTP_X_FIRST", "1"}, {"HTTP_X_BOTH", "old"}});
  const Pairs second = {{"HTTP_X_BOTH", "new \xe4\n"},
                        {"HTTP_X_EMPTY", ""},
                        {"REMOTE_USER", "anna"}};
  const WarmAnswer warm = site.ask("/environ?a=b", second);
  REQUIRE(warm.is_warm());
  CHECK_THAT(warm.body, Contains("HTTP_X_BOTH=new \xe4\n\n"));
  CHECK_THAT(warm.body, Contains("HTTP_X_EMPTY=\n"));
  CHECK_THAT(warm.body, Contains("REMOTE_USER=anna\n"));
  CHECK_THAT(warm.body, Contains("QUERY_STRING=a=b\n"));
  CHECK_THAT(warm.body, !Contains("HTTP_X_FIRST"));
  CHECK_THAT(warm.body, !Contains("DECANT_"));
  // A large one, and one that does not go into a message.
  const std::string large(100'000, 'x');
  const Pairs two = {{"HTTP_X_LARGE", large}, {"HTTP_X_LARGER", large}};
  const WarmAnswer fits = site.ask("/environ", {two[0]});
  CHECK(fits.is_warm());
  CHECK_THAT(fits.body, Contains("HTTP_X_LARGE=" + large + "\n"));
  const WarmAnswer too_large = site.ask("/environ", two);
  CHECK(too_large.is_cold());
  CHECK_THAT(too_large.body, Contains("HTTP_X_LARGER=" + large + "\n"));
  CHECK(site.ends());
}

TEST_CASE(
    "the process of a worker has what the first request had, but nothing "
    "of its client",
    "[warm]") {
  if (no_python()) return;
  const WarmSite site;
  site.warm_up({{"HTTP_COOKIE", "secret"},
                {"HTTP_PROXY", "secret"},
                {"REMOTE_USER", "secret"},
                {"REDIRECT_REDIRECT_REMOTE_USER", "secret"},
                {"REDIRECT_HTTP_AUTHORIZATION", "secret"},
                {"QUERY_STRING", "secret=secret"},
                {"REQUEST_URI", "/?secret"},
                {"SSL_CLIENT_CERT", "secret"},
                {"SSL_CERT_DIR", "/certificates"},
                {"SITE", "of the first"}});
  const WarmAnswer answer = site.ask(
      "/process_environ", {{"SITE", "another"}, {"REMOTE_USER", "anna"}});
  REQUIRE(answer.is_warm());
  CHECK_THAT(answer.body, Contains("SITE=of the first\n"));
  CHECK_THAT(answer.body, Contains("SSL_CERT_DIR=/certificates\n"));
  CHECK_THAT(answer.body, Contains("GATEWAY_INTERFACE=CGI/1.1\n"));
  CHECK_THAT(answer.body, !Contains("secret") && !Contains("anna"));
  CHECK(site.ends());
}

TEST_CASE("a large body goes through a worker in both directions", "[warm]") {
  if (no_python()) return;
  const WarmSite site;
  const pid_t worker = site.warm_up();
  std::string content = some_content(1 << 20);
  while (content.size() < 64 << 20) content += content;
  Pipe body;
  Command command = site.request(
      "/echo", {{"REQUEST_METHOD", "POST"},
                {"CONTENT_LENGTH", std::to_string(content.size())}});
  command.descriptors.emplace_back(STDIN_FILENO, body.read.get());
  WatchedRequest request(std::move(command));
  body.read.reset();
  std::thread writer([&] {
    decant::write_all(body.write.get(), content);
    body.write.reset();
  });
  const bool ended = request.ends();
  body.read.reset();
  writer.join();
  REQUIRE(ended);
  CHECK(request.process().wait() == 0);
  CHECK_THAT(request.out().substr(0, 200),
             Contains("X-Process: " + std::to_string(worker) + "\r\n"));
  const std::size_t begin = request.out().find("\r\n\r\n") + 4;
  CHECK((request.out().compare(begin, std::string::npos, content) == 0));
  // Descriptors of a request that has ended are closed.
  CHECK(site.ask().by == worker);
  const std::size_t open = open_between_requests(worker);
  for (int i = 0; i < 20; ++i) CHECK(site.ask().by == worker);
  CHECK(open_between_requests(worker) == open);
  CHECK(site.ends());
}

TEST_CASE("a body that the application leaves unread harms nothing", "[warm]") {
  if (no_python()) return;
  const WarmSite site;
  const pid_t worker = site.warm_up();
  Command command = site.request(
      "/unread", {{"REQUEST_METHOD", "POST"}, {"CONTENT_LENGTH", "1000000"}});
  command.input = std::string(1'000'000, 'x');
  const WarmAnswer answer = WarmSite::ask(std::move(command));
  CHECK(answer.by == worker);
  CHECK(answer.status == 0);
  CHECK(answer.body == "not read");
  CHECK(site.ends());
}

TEST_CASE("a response that streams arrives piece by piece", "[warm]") {
  if (no_python()) return;
  const WarmSite site;
  const pid_t worker = site.warm_up();
  Gate gate(site.directory() / "gate");
  WatchedRequest request(site.request("/stream", {{"test.gate", gate.path()}}));
  CHECK(request.await("first\n"));
  CHECK_THAT(request.out(),
             Contains("X-Process: " + std::to_string(worker) + "\r\n"));
  CHECK(request.process().running());
  gate.open();
  CHECK(request.await("second\n"));
  CHECK(request.process().wait() == 0);
  CHECK(request.ends());
  CHECK(site.ends());
}

TEST_CASE("the application learns that the client has left", "[warm]") {
  if (no_python()) return;
  const WarmSite site;
  const pid_t worker = site.warm_up();
  const std::string note = site.directory() / "note";
  const bool killed = GENERATE(true, false);
  CAPTURE(killed);
  WatchedRequest request(site.request("/endless", {{"test.note", note}}));
  REQUIRE(request.await("xxxx"));
  if (killed) {
    // It is read on, as a web server does that has not yet noticed.
    request.process().signal(SIGKILL);
    CHECK(request.ends());
  } else {
    request.leave();
    CHECK(request.process().wait() == 0);
  }
  CHECK(wait_until([&] { return read_file(note) == "told\nclosed\n"; }));
  CHECK(site.ask().by == worker);
  CHECK(site.ends());
}

TEST_CASE("what is printed goes to the error stream of that request",
          "[warm]") {
  if (no_python()) return;
  const WarmSite site;
  check_is_told(site.ask("/talk?cold").err, "cold");
  const pid_t worker = site.warm_up();
  for (const std::string word : {"one", "two"}) {
    const WarmAnswer answer = site.ask("/talk?" + word);
    CHECK(answer.by == worker);
    CHECK(answer.body == "the response");
    check_is_told(answer.err, word);
    CHECK(count(answer.err, "\n") == 6);
  }
  CHECK(site.ends());
}

TEST_CASE("the exit status is that of a program that is served cold",
          "[warm]") {
  if (no_python()) return;
  const WarmSite site;
  const std::string target = GENERATE("/fail", "/exit", "/no_such");
  CAPTURE(target);
  const WarmAnswer cold = site.ask(target);
  const pid_t worker = site.warm_up();
  const WarmAnswer warm = site.ask(target);
  CHECK(warm.status == cold.status);
  CHECK(warm.head == cold.head);
  CHECK(warm.body == cold.body);
  CHECK_THAT(warm.err, Contains("Traceback") || Contains("SystemExit"));
  CHECK(site.ask().by == worker);
  CHECK(site.ends());
}

TEST_CASE("what cannot be loaded is told as it is cold", "[warm]") {
  if (no_python()) return;
  const WarmSite site;
  const bool is_there = GENERATE(false, true);
  const std::string app =
      is_there ? site.directory().write("broken.py", "import no_such_one\n")
               : site.directory() / "no_such.py";
  CAPTURE(app);
  Command command = site.request();
  command.words = {decant_command(), "cgi", app};
  const WarmAnswer cold = WarmSite::ask(command);
  CHECK_THAT(cold.head, Contains("Status: 500 "));
  command.words.emplace_back("--warm");
  for (int i = 0; i < 3; ++i) {
    const WarmAnswer answer = WarmSite::ask(command);
    CHECK(answer.status == cold.status);
    CHECK(answer.head == cold.head);
    CHECK(answer.body == cold.body);
    CHECK(answer.err == cold.err);
  }
  CHECK(site.is_left_clean());
}
