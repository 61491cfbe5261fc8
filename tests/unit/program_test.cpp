// SPDX-License-Identifier: MIT
// CGI programs as applications: real processes, without a web server.
#include "decant/application/program.hpp"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "decant/descriptor.hpp"
#include "decant/error.hpp"
#include "support/catch.hpp"
#include "support/recording_exchange.hpp"
#include "support/script.hpp"
#include "support/wait.hpp"

using namespace decant;
using namespace decant::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

/// A shell script and one request to it.
struct Hosted {
  explicit Hosted(std::string_view script, const program::Options& options = {})
      : file(write_script(directory, "script.cgi", script)),
        application(program::load(file, options)) {
    ::signal(SIGPIPE, SIG_IGN);  // as the server sides do
  }

  Outcome run() { return exchange.run(application); }
  std::string answer() {
    run();
    return exchange.output.body();
  }
  void post(std::string body) {
    exchange.set("REQUEST_METHOD", "POST");
    length = std::to_string(body.size());
    exchange.set("CONTENT_LENGTH", length);
    exchange.input = TextSource(std::move(body));
  }

  TemporaryDirectory directory;
  std::string file;
  Application application;
  std::string length;
  RecordingExchange exchange;
};

std::string with_head(std::string_view script) {
  return std::string(text_head) + std::string(script);
}

bool is_running(pid_t pid) {
  return ::kill(pid, 0) == 0 || errno != ESRCH;
}

/// The number that a script has written to a file of its directory.
pid_t pid_in(const TemporaryDirectory& directory, std::string_view name) {
  pid_t pid = 0;
  std::ifstream(directory / name) >> pid;
  return pid;
}

}  // namespace

TEST_CASE("a program answers with its head and its output", "[program]") {
  Hosted hosted(
      "printf 'Status: 404 Not Here\\r\\nContent-Type: text/plain\\r\\n"
      "X-Two: 1\\r\\nX-Two: 2\\r\\n\\r\\nnot here\\n'");
  CHECK(hosted.run() == Outcome::complete);
  CHECK(hosted.exchange.output.status == "404 Not Here");
  CHECK(
      hosted.exchange.output.headers ==
      Headers{{"Content-Type", "text/plain"}, {"X-Two", "1"}, {"X-Two", "2"}});
  CHECK(hosted.exchange.output.body() == "not here\n");
  CHECK(hosted.exchange.output.ended_with == 0);
  CHECK(hosted.exchange.errors.text.empty());
}

TEST_CASE("a program redirects the client, also to a path", "[program]") {
  Hosted hosted("printf 'Location: /elsewhere\\n\\n'");
  CHECK(hosted.run() == Outcome::complete);
  CHECK(hosted.exchange.output.status == "302 Found");
  CHECK(hosted.exchange.output.headers ==
        Headers{{"Location", "/elsewhere"}, {"Content-Length", "0"}});
}

TEST_CASE("a program may write its own status line", "[program]") {
  Hosted hosted(
      "printf 'HTTP/1.1 201 Made\\r\\nConnection: close\\r\\n"
      "Content-Type: text/plain\\r\\n\\r\\nmade'");
  CHECK(hosted.answer() == "made");
  CHECK(hosted.exchange.output.status == "201 Made");
  CHECK(hosted.exchange.output.headers ==
        Headers{{"Content-Type", "text/plain"}});
}

TEST_CASE("what is no CGI response gives 502 and a line of the log",
          "[program]") {
  const auto [script, line] = GENERATE(table<std::string, std::string>(
      {{"echo hello",
        "wrote no empty line after its head, and exited with "
        "status 0"},
       {"printf 'hello\\n\\n'", "\"hello\" has no colon"},
       {":", "wrote no response, and exited with status 0"},
       {"exit 7", "wrote no response, and exited with status 7"},
       {"kill -9 $$", "was ended by signal 9 (Killed)"},
       {"printf '\\n\\nhello'", "there is no head"},
       {"printf 'A: b\\nStatus: many\\n\\n'", "has no status of the form"},
       {"printf 'Content-Length: 1\\nContent-Length: 2\\n\\n'",
        "gives another length than the one before"},
       {"printf 'Content-Length: many\\n\\n'", "is not one number of bytes"},
       {"head -c 70000 /dev/zero | tr '\\0' x",
        "wrote a head of more than 64 KiB"},
       {"printf 'Transfer-Encoding: chunked\\n\\n0\\n\\n'",
        "wrote Transfer-Encoding"}}));
  CAPTURE(script);
  Hosted hosted(script);
  CHECK(hosted.run() == Outcome::failed);
  CHECK(hosted.exchange.output.status == "502 Bad Gateway");
  CHECK(hosted.exchange.output.body() == "502 Bad Gateway\n");
  CHECK_THAT(hosted.exchange.errors.text,
             StartsWith("decant: GET /: program: ") && Contains(line));
}

TEST_CASE("a length that says nothing is no reason to refuse a program",
          "[program]") {
  Hosted empty("printf 'Content-Length: \\r\\n\\r\\nwhole'");
  CHECK(empty.answer() == "whole");
  CHECK(empty.exchange.output.status == "200 OK");
  Hosted repeated(
      "printf 'Content-Length: 5\\r\\nContent-length: 05\\r\\n\\r\\nwhole'");
  CHECK(repeated.answer() == "whole");
  CHECK(repeated.exchange.output.headers == Headers{{"Content-Length", "5"}});
}

TEST_CASE("a program that cannot be run gives 502 and the reason",
          "[program]") {
  const auto [text, line] = GENERATE(table<std::string, std::string>(
      {{"#!/no/such/interpreter\n", "what its #! line names"},
       {"echo no first line\n", "a script begins with #!"}}));
  const TemporaryDirectory directory;
  RecordingExchange exchange;
  exchange.run(program::load(write_program(directory, "x.cgi", text)));
  CHECK(exchange.output.status == "502 Bad Gateway");
  CHECK_THAT(exchange.errors.text, Contains("cannot be run") && Contains(line));
  CHECK(::waitpid(-1, nullptr, WNOHANG) == 0);  // the guard, and no zombie
}

TEST_CASE("what is no program is not loaded", "[program]") {
  const TemporaryDirectory directory;
  directory.write("plain", "no program");
  CHECK_THROWS_WITH(program::load(directory / "missing"),
                    Contains("give the path of a program"));
  CHECK_THROWS_WITH(program::load(directory / "missing/"),
                    Contains("give a directory of programs"));
  CHECK_THROWS_WITH(program::load(directory / "plain"), Contains("chmod +x"));
  CHECK_THROWS_WITH(program::load(directory.path()), Contains("/ at the end"));
}

TEST_CASE("a program sees the request and nothing of the service",
          "[program]") {
  ::setenv("DECANT_TEST_SECRET", "secret", 1);
  ::setenv("DECANT_TEST_PASSED", "passed", 1);
  ::setenv("LC_DECANT", "C", 1);
  program::Options options;
  options.pass_env = {"DECANT_TEST_PASSED"};
  options.variables = {{"LD_LIBRARY_PATH", "/ours"}, {"wsgi.own", "no"}};
  // As the shell was given them: it passes no names with hyphens on.
  Hosted hosted(with_head("tr '\\0' '\\n' </proc/$$/environ"), options);
  for (const char* const name :
       {"HTTP_PROXY", "LD_PRELOAD", "LD_LIBRARY_PATH", "PYTHONPATH", "PERL5LIB",
        "BASH_ENV", "ENV", "IFS", "PATH", "GCONV_PATH", "RUBYLIB",
        "NODE_OPTIONS", "BASH_FUNC_x%%", "http_proxy", "All_Proxy",
        "ld_preload", "path", "1ST", "with space"}) {
    hosted.exchange.set(name, "theirs");
  }
  hosted.exchange.set("HTTP_X_SEEN", "seen");
  hosted.exchange.set("GIT_PROJECT_ROOT", "/srv/git");
  // mod_ssl, lighttpd, mod_auth_openidc, Shibboleth.
  for (const char* const name :
       {"SSL_CLIENT_S_DN_Email", "SSL_CLIENT_S_DN_emailAddress",
        "OIDC_CLAIM_given_name", "Shib-Session-ID", "eppn"}) {
    hosted.exchange.set(name, "let through");
  }
  const std::string seen = '\n' + hosted.answer();
  CHECK_THAT(seen, Contains("\nHTTP_X_SEEN=seen\n"));
  CHECK_THAT(seen, Contains("\nGIT_PROJECT_ROOT=/srv/git\n"));
  for (const char* const name : {"SSL_CLIENT_S_DN_Email", "Shib-Session-ID",
                                 "SSL_CLIENT_S_DN_emailAddress", "eppn"}) {
    CHECK_THAT(seen, Contains('\n' + std::string(name) + "=let through\n"));
  }
  CHECK_THAT(seen, Contains("\nGATEWAY_INTERFACE=CGI/1.1\n"));
  CHECK_THAT(seen, Contains("\nSCRIPT_FILENAME=" + hosted.file + '\n'));
  CHECK_THAT(seen, Contains("\nPATH=/usr/local/sbin:"));
  CHECK_THAT(seen, Contains("\nLC_DECANT=C\n"));
  CHECK_THAT(seen, Contains("\nDECANT_TEST_PASSED=passed\n"));
  CHECK_THAT(seen, Contains("\nLD_LIBRARY_PATH=/ours\n"));
  CHECK_THAT(seen, !Contains("theirs"));
  CHECK_THAT(seen, !Contains("secret"));
  CHECK_THAT(seen, !Contains("wsgi."));
  ::unsetenv("LC_DECANT");
}

TEST_CASE("a variable that no process can be given is refused", "[program]") {
  Hosted hosted(with_head("env"));
  const std::string large(200'000, 'x');
  SECTION("one with a NUL") {
    hosted.exchange.set("HTTP_X", std::string_view("a\0b", 3));
    CHECK(hosted.run() == Outcome::refused);
    CHECK(hosted.exchange.output.status == "400 Bad Request");
  }
  SECTION("one that is too large") {
    hosted.exchange.set("HTTP_X", large);
    CHECK(hosted.run() == Outcome::refused);
    CHECK(hosted.exchange.output.status ==
          "431 Request Header Fields Too Large");
  }
}

TEST_CASE("a program has descriptors 0, 1 and 2 and no others", "[program]") {
  const Descriptor leaked(::open("/dev/null", O_RDONLY));  // without CLOEXEC
  Hosted hosted(with_head("exec ls /proc/self/fd"));
  CHECK(hosted.answer() == "0\n1\n2\n3\n");  // 3 is what ls looks at
}

TEST_CASE("a program has its signals, its directory and no arguments",
          "[program]") {
  sigset_t term;
  ::sigemptyset(&term);
  ::sigaddset(&term, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &term, nullptr);
  ::signal(SIGXFSZ, SIG_IGN);
  Hosted hosted(
      with_head("pwd; echo \"$# $*\"\n"
                "grep -E 'Sig(Blk|Ign)' /proc/self/status"));
  hosted.exchange.set("QUERY_STRING", "--help+-s");
  CHECK(hosted.answer() == hosted.directory.path() +
                               "\n0 \nSigBlk:\t0000000000000000\n"
                               "SigIgn:\t0000000000000000\n");
  ::signal(SIGXFSZ, SIG_DFL);
  ::pthread_sigmask(SIG_UNBLOCK, &term, nullptr);
}

TEST_CASE("input and output of five megabytes pass at once", "[program]") {
  Hosted hosted(with_head("exec cat"));
  std::string body;
  for (int i = 0; body.size() < 5'000'000; ++i) body += std::to_string(i);
  hosted.post(body);
  CHECK(hosted.run() == Outcome::complete);
  CHECK(hosted.exchange.output.body() == body);
}

TEST_CASE("a program that leaves its input alone is answered", "[program]") {
  Hosted hosted(with_head("echo not read"));
  hosted.post(std::string(3'000'000, 'x'));
  CHECK(hosted.run() == Outcome::complete);
  CHECK(hosted.exchange.output.body() == "not read\n");
  CHECK(hosted.exchange.input.left() > 1'000'000);
}

TEST_CASE("a program without a request body has an empty input", "[program]") {
  Hosted hosted(with_head("readlink /proc/self/fd/0; cat"));
  CHECK(hosted.answer() == "/dev/null\n");
}

TEST_CASE("the answer waits for the request body", "[program]") {
  // A web server stops sending it once it is answered. What a program writes
  // before it reads is held back until it has had all.
  Hosted hosted(with_head("echo early; cat >/dev/null; echo late"));
  hosted.post(std::string(1'000'000, 'x'));
  CHECK(hosted.run() == Outcome::complete);
  CHECK(hosted.exchange.output.body() == "early\nlate\n");
  CHECK(hosted.exchange.input.left() == 0);
}

TEST_CASE("a program may read on when it has answered", "[program]") {
  Hosted hosted(with_head("echo early; exec >&-; cat >/dev/null; exit 6"));
  hosted.post(std::string(1'000'000, 'x'));
  CHECK(hosted.answer() == "early\n");
  CHECK(hosted.exchange.output.ended_with == 6);
  CHECK(hosted.exchange.input.left() == 0);
}

TEST_CASE("a silent program is ended after its time, with its children",
          "[program]") {
  Hosted hosted(
      "trap '' TERM\n"
      "sh -c 'echo $$ >child; exec sleep 1000' & echo $$ >parent; wait\n",
      {.timeout = 1s});
  CHECK(hosted.run() == Outcome::failed);
  CHECK(hosted.exchange.output.status == "504 Gateway Timeout");
  CHECK_THAT(hosted.exchange.errors.text, Contains("--program-timeout"));
  CHECK(!is_running(pid_in(hosted.directory, "parent")));
  CHECK(wait_until(
      [&] { return !is_running(pid_in(hosted.directory, "child")); }));
}

TEST_CASE("a program that goes on giving signs of life is not ended",
          "[program]") {
  Hosted hosted(with_head("for i in 1 2 3 4; do sleep 0.4; echo $i; done"),
                {.timeout = 1s});
  CHECK(hosted.answer() == "1\n2\n3\n4\n");
}

TEST_CASE("a client that leaves ends the program", "[program]") {
  SECTION("at the next write") {
    Hosted hosted(with_head("echo $$ >pid; exec yes"));
    hosted.exchange.output.gone_at = 3;
    CHECK(hosted.run() == Outcome::client_gone);
    CHECK(!is_running(pid_in(hosted.directory, "pid")));
  }
  SECTION("while the program is silent") {
    Hosted hosted(with_head("echo $$ >pid; echo first; exec sleep 1000"));
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) ==
            0);
    const Descriptor ours(ends[0]);
    hosted.exchange.output.peer = ours.get();
    ::close(ends[1]);
    CHECK(hosted.run() == Outcome::client_gone);
    const pid_t pid = pid_in(hosted.directory, "pid");
    CHECK((pid == 0 || !is_running(pid)));
  }
}

TEST_CASE("a child in the background does not hold the response", "[program]") {
  Hosted hosted(with_head("echo begun; sleep 1000 & echo $! >pid"),
                {.timeout = 10s});
  CHECK(hosted.answer() == "begun\n");
  const pid_t pid = pid_in(hosted.directory, "pid");
  CHECK(is_running(pid));  // it was meant to
  ::kill(pid, SIGKILL);
}

TEST_CASE("a program's exit status is logged and given on", "[program]") {
  Hosted hosted(with_head("echo whole; exit 3"));
  CHECK(hosted.run() == Outcome::complete);
  CHECK(hosted.exchange.output.body() == "whole\n");
  CHECK(hosted.exchange.output.ended_with == 3);
  CHECK_THAT(hosted.exchange.errors.text,
             StartsWith("decant: program: script.cgi[") &&
                 Contains("] exited with status 3\n"));
}

TEST_CASE("also where the response has a length", "[program]") {
  Hosted hosted("printf 'Content-Length: 2\\n\\nok'; exit 4");
  CHECK(hosted.run() == Outcome::complete);
  CHECK(hosted.exchange.output.pieces ==
        std::vector<RecordingOutput::Piece>{{"ok", false}});
  CHECK(hosted.exchange.output.ended_with == 4);
}

TEST_CASE("also where the client asked for the head alone", "[program]") {
  Hosted hosted(with_head("echo more; exec >&-; exit 5"));
  hosted.exchange.set("REQUEST_METHOD", "HEAD");
  CHECK(hosted.run() == Outcome::complete);
  CHECK(hosted.exchange.output.body().empty());
  CHECK(hosted.exchange.output.ended_with == 5);
}

TEST_CASE("a program that is killed leaves a response that is cut",
          "[program]") {
  Hosted hosted(with_head("echo part; kill -SEGV $$"));
  const Outcome outcome = hosted.run();
  // The head waits for the first chunk, which may come with the end.
  CHECK((outcome == Outcome::cut_short || outcome == Outcome::failed));
  CHECK(hosted.exchange.output.ended_with == 128 + SIGSEGV);
  CHECK_THAT(hosted.exchange.errors.text,
             Contains("was ended by signal 11 (Segmentation fault)"));
}

TEST_CASE("a program's standard error is logged line by line", "[program]") {
  Hosted hosted(
      with_head("echo one >&2; printf 'two\\033[31m\\nthree' >&2; echo body"));
  CHECK(hosted.answer() == "body\n");
  const std::string& log = hosted.exchange.errors.text;
  CHECK_THAT(log, StartsWith("script.cgi["));
  CHECK_THAT(log, Contains("]: one\nscript.cgi["));
  CHECK_THAT(log, Contains("]: two\\x1b[31m\nscript.cgi["));
  CHECK_THAT(log, Contains("]: three\n"));
}

TEST_CASE("no zombie is left behind", "[program]") {
  for (int i = 0; i < 3; ++i) {
    Hosted hosted(with_head("echo hello"));
    CHECK(hosted.answer() == "hello\n");
  }
  // The one child that is left runs: it guards.
  CHECK(::waitpid(-1, nullptr, WNOHANG) == 0);
}
