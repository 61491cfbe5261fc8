// SPDX-License-Identifier: MIT
// What users of fcgiwrap have complained of, each against a service that runs
// the same kind of program.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "integration/fixtures.hpp"
#include "support/catch.hpp"
#include "support/script.hpp"

using namespace decant::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
namespace fs = std::filesystem;

namespace {

/// A service with one shell script.
struct Site {
  explicit Site(std::string_view script, Words options = {})
      : file(write_script(directory, "script.cgi", script)),
        service(words(std::move(options)), "unix:" + directory / "s") {}

  Words words(Words options) const {
    options.insert(options.begin(), "program:" + file);
    return options;
  }
  FastcgiResponse ask(const FastcgiVariables& variables,
                      std::string_view body = {}) const {
    FastcgiClient client(service.endpoint());
    client.send(fastcgi_request(variables, body));
    return client.receive();
  }
  /// The number of a process that the script has written to a file.
  pid_t pid_in(std::string_view name) const {
    pid_t pid = 0;
    wait_until([&] { return std::ifstream(directory / name) >> pid && pid; });
    return pid;
  }

  TemporaryDirectory directory;
  std::string file;
  Service service;
};

std::string with_head(std::string_view script) {
  return std::string(text_head) + std::string(script);
}

/// It neither runs nor waits to be reaped.
bool is_gone(pid_t pid) {
  return pid > 0 && ::kill(pid, 0) != 0 && errno == ESRCH;
}

/// Gone, or a zombie that is not ours to reap.
bool has_ended(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(stat, text);
  const std::size_t name = text.rfind(')');
  return pid > 0 &&
         (name == std::string::npos || text.compare(name, 3, ") Z") == 0);
}

/// Processor time of a process, in the ticks of /proc.
long ticks_of(pid_t pid) {
  std::string text = read_file("/proc/" + std::to_string(pid) + "/stat");
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  long user = 0;
  long system = 0;
  fields >> user >> system;
  return user + system;
}

}  // namespace

TEST_CASE("1: a script that is stuck is ended, and others are answered",
          "[program]") {
  Site site("case $PATH_INFO in /stuck) echo $$ >pid; sleep 1000;; esac\n" +
                with_head("echo answered"),
            {"--threads", "1", "--program-timeout", "1"});
  FastcgiClient stuck(site.service.endpoint());
  stuck.send(fastcgi_request(get("/stuck"), ""));
  const pid_t pid = site.pid_in("pid");
  CHECK_THAT(site.ask(get("/")).output, Contains("answered"));
  CHECK_THAT(stuck.receive().output, StartsWith("Status: 504 "));
  CHECK(is_gone(pid));
}

TEST_CASE("2: five megabytes go in and out at the same time", "[program]") {
  Site site(with_head("exec cat"));
  std::string body;
  for (int i = 0; body.size() < 5'000'000; ++i) body += std::to_string(i);
  const FastcgiResponse response =
      site.ask(post("/", std::to_string(body.size())), body);
  CHECK(response.complete);
  CHECK(response.output.substr(response.output.find("\r\n\r\n") + 4) == body);
}

TEST_CASE("3: a script that ignores its input is answered", "[program]") {
  Site site(with_head("echo not read"));
  const std::string body(3'000'000, 'x');
  const FastcgiResponse response =
      site.ask(post("/", std::to_string(body.size())), body);
  CHECK_THAT(response.output, Contains("not read\n"));
  CHECK(response.complete);
}

TEST_CASE("4 and 5: a client that leaves ends the script", "[program]") {
  SECTION("while it writes") {
    const Site site(with_head("echo $$ >pid; exec yes"));
    {
      FastcgiClient client(site.service.endpoint());
      client.send(fastcgi_request(get("/"), ""));
      REQUIRE(client.read_until("y\ny\n"));
    }
    CHECK(wait_until([pid = site.pid_in("pid")] { return is_gone(pid); }, 5s));
  }
  SECTION("while it is silent, with its children") {
    const Site site(
        with_head("echo $$ >pid; sleep 1000 & echo $! >child; wait"));
    pid_t pid = 0;
    pid_t child = 0;
    {
      FastcgiClient client(site.service.endpoint());
      client.send(fastcgi_request(get("/"), ""));
      pid = site.pid_in("pid");
      child = site.pid_in("child");
    }
    CHECK(wait_until([&] { return is_gone(pid) && has_ended(child); }, 5s));
  }
  SECTION("though it ignores TERM") {
    const Site site(with_head("trap '' TERM; echo $$ >pid; sleep 1000"));
    pid_t pid = 0;
    {
      FastcgiClient client(site.service.endpoint());
      client.send(fastcgi_request(get("/"), ""));
      pid = site.pid_in("pid");
    }
    CHECK(wait_until([&] { return is_gone(pid); }, 10s));
  }
}

TEST_CASE("6: a child in the background does not hold the response",
          "[program]") {
  Site site(with_head("sleep 1000 & echo $! >pid; echo answered"));
  CHECK_THAT(site.ask(get("/")).output, Contains("answered\n"));
  const pid_t pid = site.pid_in("pid");
  CHECK(!has_ended(pid));
  ::kill(pid, SIGKILL);
}

TEST_CASE("7: no script outlives its service", "[program]") {
  Site site(with_head("echo $$ >pid; sleep 1000 & echo $! >child; wait"),
            {"--grace", "1000"});
  FastcgiClient client(site.service.endpoint());
  client.send(fastcgi_request(get("/"), ""));
  const pid_t pid = site.pid_in("pid");
  const pid_t child = site.pid_in("child");
  SECTION("that is killed") {
    site.service.signal(SIGKILL);
  }
  SECTION("that is told to stop at once") {
    site.service.signal(SIGQUIT);
  }
  site.service.wait();
  CHECK(wait_until([&] { return has_ended(pid) && has_ended(child); }, 5s));
}

TEST_CASE("a script may finish when its service is told to stop", "[program]") {
  const TemporaryDirectory gates;
  Gate gate(gates / "gate");
  Site site(with_head("cat " + gate.path() + "; echo finished"));
  FastcgiClient client(site.service.endpoint());
  client.send(fastcgi_request(get("/"), ""));
  gate.await_reader();
  site.service.signal(SIGTERM);
  gate.open();
  CHECK_THAT(client.receive().output, Contains("finished\n"));
  CHECK(site.service.wait() == 0);
}

TEST_CASE("8: what a script writes goes out as it comes", "[program]") {
  const TemporaryDirectory gates;
  Gate gate(gates / "gate");
  Site site(with_head("echo first; cat " + gate.path() + "; echo second"));
  FastcgiClient client(site.service.endpoint());
  client.send(fastcgi_request(get("/"), ""));
  CHECK(client.read_until("first\n"));
  CHECK_THAT(client.received(), !Contains("second"));
  gate.open();
  CHECK(client.read_until("second\n"));
}

TEST_CASE("9: a service whose scripts have ended uses no processor time",
          "[program]") {
  Site site(with_head("echo hello; (sleep 1000 & echo $! >child)"));
  for (int i = 0; i < 5; ++i) {
    REQUIRE(site.ask(get("/")).complete);
    ::kill(site.pid_in("child"), SIGKILL);
  }
  const long before = ticks_of(site.service.pid());
  std::this_thread::sleep_for(300ms);  // what is measured
  CHECK(ticks_of(site.service.pid()) - before <= 3);
}

TEST_CASE("10: standard error is logged whole, with the script's name",
          "[program]") {
  const std::string script = with_head("echo $$; echo one >&2; echo two >&2");
  SECTION("by us") {
    const Site site(script);
    REQUIRE(site.ask(get("/")).complete);
    CHECK(wait_until([&] {
      const std::string log = site.service.log();
      return count(log, "]: one\n") == 1 && count(log, "]: two\n") == 1;
    }));
    CHECK_THAT(site.service.log(), Contains("\nscript.cgi["));
  }
  SECTION("by the web server") {
    const Site site(script, {"--errors-to-server"});
    const FastcgiResponse response = site.ask(get("/"));
    CHECK_THAT(response.errors, StartsWith("script.cgi["));
    CHECK_THAT(response.errors, Contains("]: one\n") && Contains("]: two\n"));
  }
}

TEST_CASE("11: a stale socket is replaced, and has a mode", "[program]") {
  const TemporaryDirectory directory;
  const std::string file =
      write_script(directory, "x.cgi", with_head("echo hello"));
  const Words words = {decant_command(),          "wrap",   "-s",
                       "unix:" + directory / "s", "--mode", "0620"};
  {
    Service killed(Command{.words = words});
    killed.signal(SIGKILL);
    killed.wait();
  }
  REQUIRE(fs::exists(directory / "s"));
  const Service service(Command{.words = words});
  CHECK(fs::status(directory / "s").permissions() == fs::perms(0620));
  CHECK(accepts(service.endpoint()));
}

TEST_CASE("12: a script sees neither the service's secrets nor its files",
          "[program]") {
  const TemporaryDirectory directory;
  const std::string file =
      write_script(directory, "x.cgi", with_head("env; exec ls /proc/self/fd"));
  const Service service(
      Command{.words = {decant_command(), "fcgi", "program:" + file, "--listen",
                        "unix:" + directory / "s"},
              .environment = {{"DATABASE_PASSWORD", "secret"}}});
  FastcgiVariables variables = get("/");
  variables.insert(variables.end(), {{"HTTP_PROXY", "http://evil"},
                                     {"LD_LIBRARY_PATH", "/evil"},
                                     {"LD_PRELOAD", "/evil.so"},
                                     {"BASH_FUNC_x%%", "() { evil; }"}});
  FastcgiClient client(service.endpoint());
  client.send(fastcgi_request(variables, ""));
  const std::string seen = client.receive().output;
  CHECK_THAT(seen, !Contains("secret"));
  CHECK_THAT(seen, !Contains("evil"));
  CHECK_THAT(seen, Contains("\n0\n1\n2\n3\n"));  // 3 is what ls looks at
  CHECK_THAT(seen, !Contains("\n4\n"));
}

TEST_CASE("13: the exit status is given on and logged", "[program]") {
  Site site(with_head("echo whole; exit 3"));
  // A kept connection is none the worse for it.
  FastcgiClient client(site.service.endpoint());
  for (int i = 0; i < 2; ++i) {
    client.send(fastcgi_request(get("/"), "", {.keep_connection = true}));
    const FastcgiResponse response = client.receive();
    CHECK(response.complete);
    CHECK(response.application_status == 3);
    CHECK_THAT(response.output, Contains("whole\n"));
  }
  CHECK_THAT(site.service.log(), Contains("] exited with status 3\n"));
}

TEST_CASE("a script that goes on working does not hold its response",
          "[program]") {
  Site site(
      with_head("echo whole; exec >&-; echo $$ >pid; read x <gate; "
                "echo later >&2; : >done; exit 3"));
  REQUIRE(::mkfifo((site.directory / "gate").c_str(), 0600) == 0);
  FastcgiClient client(site.service.endpoint());
  const auto start = std::chrono::steady_clock::now();
  client.send(fastcgi_request(get("/"), "", {.keep_connection = true}));
  const FastcgiResponse response = client.receive();
  CHECK(std::chrono::steady_clock::now() - start < 1s);
  CHECK(response.complete);
  CHECK(response.application_status == 0);
  CHECK_THAT(response.output, Contains("whole\n"));
  const pid_t pid = site.pid_in("pid");
  // What has begun is finished before the service ends.
  site.service.signal(SIGTERM);
  std::ofstream(site.directory / "gate") << "go\n";
  CHECK(site.service.wait() == 0);
  CHECK(fs::exists(site.directory / "done"));
  CHECK(is_gone(pid));
  CHECK_THAT(site.service.log(),
             Contains("] exited with status 3, after its response\n") &&
                 Contains("]: later\n"));
}

TEST_CASE("a script that goes on in silence is ended after its time",
          "[program]") {
  Site site(with_head("echo whole; exec >&-; echo $$ >pid; exec sleep 1000"),
            {"--program-timeout", "1"});
  CHECK(site.ask(get("/")).complete);
  CHECK(wait_until([&] { return is_gone(site.pid_in("pid")); }));
  CHECK_THAT(site.service.log(),
             Contains("closed its output and did not exit for 1 seconds"));
}

TEST_CASE("many scripts that go on are held back", "[program]") {
  Site site(with_head("echo whole; exec >&-; echo $$ >>pids; exec sleep 1000"),
            {"--program-timeout", "30", "--threads", "4"});
  for (int i = 0; i < 64; ++i) CHECK(site.ask(get("/")).complete);
  FastcgiClient waiting(site.service.endpoint());
  waiting.send(fastcgi_request(get("/"), ""));
  CHECK(!waiting.receive(1, Milliseconds(300)).complete);
  site.service.signal(SIGQUIT);
  site.service.wait();
  CHECK(wait_until([&] {
    std::ifstream pids(site.directory / "pids");
    int ended = 0;
    for (pid_t pid = 0; pids >> pid;) ended += has_ended(pid) ? 1 : 0;
    return ended == 65;
  }));
}

TEST_CASE("a request that is taken back ends its silent script", "[program]") {
  const std::string engine = GENERATE("records", "libfcgi");
  CAPTURE(engine);
  Site site("case $PATH_INFO in /silent) echo $$ >pid; sleep 1000;; esac\n" +
                with_head("echo answered"),
            {"--engine", engine});
  FastcgiClient client(site.service.endpoint());
  client.send(fastcgi_request(get("/silent"), "", {.keep_connection = true}));
  const pid_t pid = site.pid_in("pid");
  client.send(fastcgi_record(fcgi_abort_request, 1, ""));
  CHECK(client.receive(1, Milliseconds(2000)).complete);
  CHECK(is_gone(pid));
  client.send(fastcgi_request(get("/"), "", {.keep_connection = true}));
  CHECK_THAT(client.receive().output, Contains("answered"));
}

TEST_CASE("a script that dies leaves a response that is seen to be cut",
          "[program]") {
  Site site("printf 'Content-Length: 100\\n\\npart'; kill -9 $$");
  const FastcgiResponse response = site.ask(get("/"));
  CHECK(response.application_status == 128 + SIGKILL);
  CHECK_THAT(site.service.log(), Contains("was ended by signal 9 (Killed)"));
}

TEST_CASE("a command that is called fcgiwrap is fcgiwrap", "[program]") {
  const TemporaryDirectory directory;
  const std::string file = write_script(
      directory, "x.cgi", with_head("echo \"$SCRIPT_NAME+$PATH_INFO\""));
  fs::create_symlink(decant_command(), directory / "fcgiwrap");
  // As a service file passes no options: an empty word.
  const Service service(
      Command{.words = {directory / "fcgiwrap", "", "-c", "2", "-f", "-s",
                        "unix:" + directory / "s", "-p", file}});
  const auto ask = [&](const FastcgiVariables& variables) {
    FastcgiClient client(service.endpoint());
    client.send(fastcgi_request(variables, ""));
    return client.receive().output;
  };
  // As nginx sends them: no PATH_INFO.
  CHECK_THAT(ask({{"REQUEST_METHOD", "GET"},
                  {"DOCUMENT_ROOT", directory.path()},
                  {"SCRIPT_NAME", "/x.cgi/more"}}),
             Contains("/x.cgi+/more\n"));
  CHECK_THAT(ask({{"REQUEST_METHOD", "GET"},
                  {"SCRIPT_FILENAME", file},
                  {"SCRIPT_NAME", "/x.cgi"}}),
             Contains("/x.cgi+\n"));
  CHECK_THAT(ask({{"REQUEST_METHOD", "GET"}, {"SCRIPT_FILENAME", "/bin/sh"}}),
             StartsWith("Status: 403 "));
}

TEST_CASE("a directory of programs is a service", "[program]") {
  const TemporaryDirectory directory;
  fs::create_directory(directory / "bin");
  write_script(directory, "bin/a.cgi", with_head("echo \"a $PATH_INFO\""));
  write_script(directory, "bin/b.cgi", with_head("echo \"b $SCRIPT_NAME\""));
  const Service service({"program:" + directory / "bin/"},
                        "unix:" + directory / "s");
  const auto ask = [&](const std::string& path) {
    FastcgiClient client(service.endpoint());
    client.send(fastcgi_request(get(path), ""));
    return client.receive().output;
  };
  CHECK_THAT(ask("/a.cgi/x"), Contains("a /x\n"));
  CHECK_THAT(ask("/b.cgi"), Contains("b /b.cgi\n"));
  CHECK_THAT(ask("/c.cgi"), StartsWith("Status: 404 "));
  CHECK_THAT(ask("/../s"), StartsWith("Status: 404 "));
}
