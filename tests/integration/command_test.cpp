// SPDX-License-Identifier: MIT
// The command line: what it prints, what it refuses and how it exits.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "integration/python_fixtures.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace decant::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

const std::string hello_response =
    "Status: 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n"
    "\r\nHello world!\n";

/// One line on standard error that begins with "decant: ", names what was
/// wrong, and the exit status.
void check_complaint(const Words& words, int status, const std::string& names,
                     const Pairs& variables = {}) {
  CAPTURE(words);
  const Ran ran = run_clean(words, "", variables);
  CHECK(ran.status == status);
  CHECK(ran.out.empty());
  CHECK_THAT(ran.err, StartsWith("decant: "));
  CHECK_THAT(ran.err, Contains(names));
  CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
  CHECK(ran.err.back() == '\n');
}

/// What decant says of a Python module that is not there.
std::string no_module(const std::string& name) {
  return python_module_file().empty()
             ? "this decant was built without Python; install python3-dev"
             : "the module '" + name + "' was not found; give --python-path";
}

}  // namespace

TEST_CASE("decant run prints a CGI response", "[command]") {
  const Ran ran = run_clean({decant_command(), "run", plugin("hello"), "/"});
  CHECK(ran.status == 0);
  CHECK(ran.out == hello_response);
  CHECK(ran.err.empty());
}

TEST_CASE("a pipe of three HTTP requests gives three responses", "[command]") {
  const Ran ran =
      run_clean({decant_command(), "run", plugin("hello"), "--http"},
                "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
                "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
                "12345"
                "GET /c HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(ran.status == 0);
  CHECK(count(ran.out, "HTTP/1.1 200 OK\r\n") == 3);
  CHECK(count(ran.out, "\r\n\r\nHello world!\n") == 3);
}

TEST_CASE("a malformed HTTP request gets 400", "[command]") {
  const Ran ran =
      run_clean({decant_command(), "run", plugin("hello"), "--http"},
                "GET / / / HTTP/1.1\r\n\r\n");
  CHECK_THAT(ran.out, StartsWith("HTTP/1.1 400 "));
}

TEST_CASE("decant APP with REQUEST_METHOD answers as CGI", "[command]") {
  const Ran ran = run_clean({decant_command(), plugin("hello")}, "",
                            {{"REQUEST_METHOD", "GET"}});
  CHECK(ran.status == 0);
  CHECK(ran.out == hello_response);
}

TEST_CASE("a copy of decant in cgi-bin takes APP from DECANT_APP",
          "[command]") {
  const Ran ran = run_clean({decant_command()}, "",
                            {{"GATEWAY_INTERFACE", "CGI/1.1"},
                             {"REQUEST_METHOD", "GET"},
                             {"DECANT_APP", plugin("hello")}});
  CHECK(ran.status == 0);
  CHECK(ran.out == hello_response);
}

TEST_CASE("a program with decant::main is its own command", "[command]") {
  CHECK(run_clean({hello_binary(), "run", "/", "--as", "body"}).out ==
        "Hello world!\n");
  CHECK(run_clean({hello_binary()}, "", {{"REQUEST_METHOD", "GET"}}).out ==
        hello_response);
  CHECK(
      run_clean({hello_binary(), "cgi"}, "", {{"REQUEST_METHOD", "GET"}}).out ==
      hello_response);
}

TEST_CASE("the words of a query on the command line are not obeyed",
          "[command]") {
  const Pairs by_web_server = {{"GATEWAY_INTERFACE", "CGI/1.1"},
                               {"REQUEST_METHOD", "GET"},
                               {"QUERY_STRING", "run+/+--as+body"}};
  const Ran ran = run_clean({hello_binary(), "run", "/", "--as", "body"}, "",
                            by_web_server);
  CHECK(ran.status == 0);
  CHECK(ran.out == hello_response);
  const Ran help = run_clean({hello_binary(), "--help"}, "",
                             {{"GATEWAY_INTERFACE", "CGI/1.1"},
                              {"REQUEST_METHOD", "GET"},
                              {"QUERY_STRING", "--help"}});
  CHECK(help.out == hello_response);
}

TEST_CASE("what an application prints never mixes into its response",
          "[command]") {
  const std::string app = application("chatty");
  const std::string input =
      "POST / HTTP/1.0\r\nContent-Length: 9\r\n\r\nnot echo\n";
  const auto form = GENERATE(as<Words>(), Words{"run", "/"}, Words{"cgi"},
                             Words{"run", "--http"});
  Words words = form;
  words.insert(words.begin() + 1, app);
  words.insert(words.begin(), decant_command());
  CAPTURE(words);
  const Ran ran = run_clean(words, input, {{"REQUEST_METHOD", "GET"}});
  CHECK(ran.status == 0);
  CHECK_THAT(ran.out, Contains("\r\n\r\nthe response\n"));
  for (const char* const printed :
       {"printf was here", "cout was here", "write was here",
        "a child was here", "not echo"}) {
    CHECK_THAT(ran.out, !Contains(printed));
  }
  CHECK_THAT(ran.err, Contains("printf was here") && Contains("cout was") &&
                          Contains("write was") && Contains("a child was"));
}

TEST_CASE(
    "--env reaches the environ, and the process before the application "
    "is loaded",
    "[command]") {
  const Ran loaded =
      run_clean({decant_command(), "run", application("greeting"), "/", "--as",
                 "body", "--env", "GREETING=good day"});
  CHECK(loaded.out == "good day\n");
  const Ran dumped = run_clean(
      {decant_command(), "run", application("environ"), "/", "--as", "body",
       "--env", "GREETING=good day", "--env", "test.dotted=a=b"});
  CHECK_THAT(dumped.out, Contains("\nGREETING=good day\n") &&
                             Contains("\ntest.dotted=a=b\n"));
}

TEST_CASE("--script-name splits the path at a slash only", "[command]") {
  const auto dump = [](const std::string& target) {
    return run_clean({decant_command(), "run", application("environ"), target,
                      "--as", "body", "--script-name", "/app"})
        .out;
  };
  CHECK_THAT(dump("/app/page"),
             Contains("SCRIPT_NAME=/app\n") && Contains("PATH_INFO=/page\n"));
  CHECK_THAT(dump("/application"), Contains("SCRIPT_NAME=\n") &&
                                       Contains("PATH_INFO=/application\n"));
}

TEST_CASE("--lint tells what breaks the contract", "[command]") {
  CHECK(run_clean({decant_command(), "run", application("typeless"), "/"})
            .status == 0);
  const Ran ran = run_clean(
      {decant_command(), "run", application("typeless"), "/", "--lint"});
  CHECK(ran.status == 1);
  CHECK_THAT(ran.out, StartsWith("Status: 500 "));
  CHECK_THAT(ran.err, Contains("lint: ") && Contains("[content-type]"));
}

TEST_CASE("--fail makes an error status an exit status", "[command]") {
  const std::string app = application("not_found");
  CHECK(run_clean({decant_command(), "run", app, "/"}).status == 0);
  CHECK(run_clean({decant_command(), "run", app, "/", "--fail"}).status == 22);
  CHECK(run_clean({decant_command(), "run", plugin("hello"), "/", "--fail"})
            .status == 0);
}

TEST_CASE("an application that fails gives 500 and exit status 1",
          "[command]") {
  const Ran ran =
      run_clean({decant_command(), "run", application("failing"), "/"});
  CHECK(ran.status == 1);
  CHECK_THAT(ran.out,
             StartsWith("Status: 500 ") && !Contains("failed on purpose"));
  CHECK_THAT(ran.err, Contains("failed on purpose"));
}

TEST_CASE("an application that fails after the head gives exit status 1",
          "[command]") {
  const Ran ran =
      run_clean({decant_command(), "cgi", application("cut_without_length")},
                "", {{"REQUEST_METHOD", "GET"}});
  CHECK(ran.status == 1);
  CHECK_THAT(ran.out,
             StartsWith("Status: 200 OK") && Contains("the beginning\n"));
  CHECK_THAT(ran.err, Contains("cut on purpose"));
}

TEST_CASE("an application that cannot be loaded is one line and exit status 3",
          "[command]") {
  const TemporaryDirectory directory;
  const std::string text = directory.write("text.so", "no plugin\n");
  const std::string plain = directory.write("plain", "no application\n");
  for (const char* const side : {"run", "fcgi"}) {
    check_complaint({decant_command(), side, "./missing.so"}, 3,
                    "./missing.so");
    check_complaint({decant_command(), side, "missing"}, 3, "missing");
    check_complaint({decant_command(), side, "nosuchkind:x"}, 3,
                    no_module("nosuchkind"));
    check_complaint({decant_command(), side, text}, 3, "text.so");
    check_complaint({decant_command(), side, plain}, 3, "plain");
    check_complaint({decant_command(), side, plugin("hello") + ":nobody"}, 3,
                    "nobody");
    check_complaint({decant_command(), side, application("nobody")}, 3,
                    "nobody");
    check_complaint({decant_command(), side, "python:wsgi"}, 3,
                    no_module("wsgi"));
    check_complaint({decant_command(), side, "program:./x"}, 3, "program");
  }
  check_complaint({decant_command(), "unknown"}, 3, "unknown");
}

TEST_CASE("in cgi-bin an application that cannot be loaded is Status: 500",
          "[command]") {
  const Ran ran = run_clean({decant_command(), "cgi", "./missing.so"}, "",
                            {{"REQUEST_METHOD", "GET"}});
  CHECK(ran.status == 3);
  CHECK_THAT(ran.out, StartsWith("Status: 500 ") && !Contains("missing.so"));
  CHECK_THAT(ran.err, StartsWith("decant: ") && Contains("missing.so"));
}

TEST_CASE("a usage mistake is one line and exit status 2", "[command]") {
  const std::string app = plugin("hello");
  const auto bad = [&app](Words options, const std::string& names) {
    options.insert(options.begin(), {decant_command(), "fcgi", app});
    check_complaint(options, 2, names);
  };
  bad({"--listen", "nonsense"}, "nonsense");
  bad({"--listen", "9000"}, "127.0.0.1:9000");
  bad({"--listen", "127.0.0.1:99999"}, "99999");
  bad({"--listen", "unix:"}, "unix:");
  bad({"--listen", "0.0.0.0:0"}, "--allow-peer");
  bad({}, "--listen");
  bad({"--threads", "two"}, "two");
  bad({"--threads", "0"}, "--threads");
  bad({"--processes", "many"}, "many");
  bad({"--mode", "0999"}, "--mode");
  bad({"--max-body", "1k"}, "--max-body");
  bad({"--max-params", "1,x"}, "--max-params");
  bad({"--allow-peer", "10.0.0.0/40"}, "10.0.0.0/40");
  bad({"--no-such-option"}, "--no-such-option");
  bad({"--log-level", "loud"}, "loud");
  bad({"--env", "NAME"}, "--env");
  bad({"--script-name", "app"}, "app");
  check_complaint({decant_command(), "run"}, 2, "APP");
  check_complaint({decant_command(), "run", app, "/", "-H", "no colon"}, 2,
                  "no colon");
  check_complaint({decant_command(), "run", app, "/", "-d", "@./missing"}, 2,
                  "missing");
  check_complaint({decant_command(), "run", app, "/", "--as", "xml"}, 2, "xml");
  check_complaint({decant_command(), "run", app, "/", "--http"}, 2, "--http");
}

TEST_CASE("a configuration file gives options", "[command]") {
  const TemporaryDirectory directory;
  const std::string config = directory.write(
      "decant.toml", "script-name = \"/app\"\nenv = [\"GREETING=hi\"]\n");
  const Ran ran = run_clean({decant_command(), "run", application("environ"),
                             "/app/x", "--as", "body", "--config", config});
  CHECK(ran.status == 0);
  CHECK_THAT(ran.out,
             Contains("SCRIPT_NAME=/app\n") && Contains("GREETING=hi\n"));
}

TEST_CASE("a configuration file that is wrong is one line and exit status 2",
          "[command]") {
  const TemporaryDirectory directory;
  const auto refused = [&](const std::string& text, const std::string& names) {
    const std::string config = directory.write("decant.toml", text);
    check_complaint(
        {decant_command(), "fcgi", plugin("hello"), "--config", config}, 2,
        names);
  };
  refused("no-such-key = 1\n", "no-such-key");
  refused("threads = \"two\"\n", "two");
  refused("listen = [\"nonsense\"]\n", "nonsense");
  check_complaint({decant_command(), "fcgi", plugin("hello"), "--config",
                   directory / "missing.toml"},
                  2, "missing.toml");
}

TEST_CASE("libfcgi listens for trusted peers only", "[command]") {
  for (const char* const endpoint : {"0.0.0.0:0", "[::]:0"}) {
    check_complaint(
        {decant_command(), "fcgi", plugin("hello"), "--engine", "libfcgi",
         "--listen", endpoint, "--allow-peer", "192.0.2.0/24"},
        2, "--engine records");
  }
}

TEST_CASE("--version names what decant is made of", "[command]") {
  const Ran ran = run_clean({decant_command(), "--version"});
  CHECK(ran.status == 0);
  CHECK_THAT(ran.out, StartsWith("decant ") && Contains("records, libfcgi") &&
                          Contains("Boost"));
}

TEST_CASE("--help teaches with examples", "[command]") {
  for (const char* const side : {"cgi", "fcgi", "run"}) {
    const Ran ran = run_clean({decant_command(), side, "--help"});
    CHECK(ran.status == 0);
    CHECK(ran.err.empty());
    CHECK_THAT(ran.out, Contains("Examples:") && Contains("--script-name"));
  }
  CHECK_THAT(run_clean({decant_command(), "--help"}).out, Contains("Usage:"));
}

TEST_CASE("a key of a TOML file that is no option is named with its line",
          "[command]") {
  const TemporaryDirectory directory;
  const std::string config =
      directory.write("decant.toml", "# ours\nthreads = 2\n  processess = 3\n");
  check_complaint(
      {decant_command(), "fcgi", plugin("hello"), "--config", config}, 2,
      config +
          ":3: there is no option \"processess\"; did you "
          "mean processes?");
}

TEST_CASE("a mistyped command is named with the one that was meant",
          "[command]") {
  check_complaint({decant_command(), "fgci", plugin("hello")}, 2,
                  "there is no command \"fgci\"; did you mean fcgi?");
  check_complaint({decant_command(), "statsu", "127.0.0.1:9000"}, 2,
                  "did you mean status?");
  // What is there is an application, whatever its name.
  check_complaint({decant_command(), "nothing-like-it"}, 3, "was not found");
}

TEST_CASE("a directory with a Django project is told from one of programs",
          "[command]") {
  const TemporaryDirectory directory;
  std::filesystem::create_directories(directory / "outer/mysite");
  directory.write("outer/mysite/wsgi.py", "");
  check_complaint({decant_command(), "run", directory / "outer/mysite", "/"}, 3,
                  "give mysite.wsgi --chdir " + (directory / "outer"));
  std::filesystem::rename(directory / "outer", directory / "mysite");
  check_complaint({decant_command(), "run", directory / "mysite/", "/"}, 3,
                  "give mysite.wsgi --chdir " + (directory / "mysite"));
}

TEST_CASE("a response that cannot be written is a failure", "[command]") {
  const std::string form =
      GENERATE("cgi", "http", "body", "--http", "", "cgi ");
  CAPTURE(form);
  const std::string words = form == "--http" ? "run \"$1\" --http"
                            : form == ""     ? "run \"$1\""
                            : form == "cgi " ? "cgi \"$1\""
                                             : "run \"$1\" / --as " + form;
  const Ran ran =
      run_clean({"/bin/sh", "-c", "exec \"$0\" " + words + " >/dev/full",
                 decant_command(), plugin("hello")},
                form == "--http" ? "GET / HTTP/1.1\r\nHost: a\r\n\r\n" : "",
                {{"REQUEST_METHOD", "GET"}});
  CHECK(ran.status == 1);
  CHECK_THAT(ran.err, Contains("decant: the response could not be written: No "
                               "space left on device\n"));
  // Who reads no more has seen enough.
  const Ran piped =
      run_clean({"/bin/bash", "-c",
                 "\"$0\" " + words + " > >(exec true); echo \"status $?\" >&2",
                 decant_command(), plugin("hello")},
                form == "--http" ? "GET / HTTP/1.1\r\nHost: a\r\n\r\n" : "",
                {{"REQUEST_METHOD", "GET"}});
  CHECK(piped.err == "status 0\n");
}

TEST_CASE("help that cannot be written is a failure", "[command]") {
  const Ran ran =
      run_clean({"/bin/sh", "-c", "exec \"$0\" fcgi --help >/dev/full",
                 decant_command()});
  CHECK(ran.status == 1);
  CHECK_THAT(ran.err, StartsWith("decant: standard output cannot be written"));
}

TEST_CASE("a socket that only root may open is spoken of", "[command]") {
  if (::geteuid() != 0) return;
  const TemporaryDirectory directory;
  const std::string endpoint = "unix:" + directory / "s";
  const Words words = {decant_command(), "fcgi", plugin("hello"), "--listen",
                       endpoint};
  CHECK_THAT(Service(Command{.words = words}).log(),
             Contains("only root may connect to " + endpoint) &&
                 Contains("--owner www-data"));
  CHECK_THAT(Service({plugin("hello"), "--mode", "0660"}, endpoint).log(),
             !Contains("only root"));
}
