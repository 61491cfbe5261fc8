// SPDX-License-Identifier: MIT
#include "decant/command/command_line.hpp"

#include "decant/error.hpp"
#include "support/catch.hpp"

using namespace decant;
using namespace decant::command;
using Words = std::vector<std::string>;

namespace {

const Program decant_program{.name = "decant", .takes_app = true};
const Program own_program{.name = "hello", .takes_app = false};

Settings settings(Side side, const Words& words,
                  const Program& program = decant_program) {
  auto parsed = parse(program, side, words);
  REQUIRE(parsed);
  return *std::move(parsed);
}

std::string complaint(Side side, const Words& words) {
  try {
    parse(decant_program, side, words);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the last one of an option counts") {
  const Settings parsed =
      settings(Side::fcgi, {"./hello.so", "--threads", "8", "--mode", "0600",
                            "--threads=2", "--mode", "0660", "--lint", "--lint",
                            "--listen", "a:1", "--listen", "b:2"});
  CHECK(parsed.service.threads == 2);
  CHECK(parsed.service.socket.mode == 0660);
  CHECK(parsed.listen == Words{"a:1", "b:2"});
  CHECK(settings(Side::run, {"./hello.so", "/", "--as", "cgi", "--as", "body"})
            .run.form == runner::Form::body);
}

TEST_CASE("what was mistyped is named, and what was meant") {
  CHECK(holds(complaint(Side::fcgi, {"./hello.so", "--processess", "2"}),
              "there is no option \"--processess\"; did you mean "
              "--processes?"));
  CHECK(holds(complaint(Side::fcgi, {"./hello.so", "--treads=2", "--listne",
                                     "127.0.0.1:9000"}),
              "\"--treads\"; did you mean --threads?"));
  CHECK(holds(complaint(Side::run, {"./hello.so", "/", "--colour"}),
              "there is no option \"--colour\";"));
  CHECK(holds(complaint(Side::run, {"./hello.so", "/", "/more"}),
              "\"/more\" is one word too many"));
  CHECK(meant_side(decant_program, "fgci") == "fcgi");
  CHECK(meant_side(decant_program, "hello").empty());
  CHECK(meant_side(own_program, "wrp").empty());
}

TEST_CASE("the first word names the side") {
  Words words{"fcgi", "x.so"};
  CHECK(take_side(decant_program, words) == Side::fcgi);
  CHECK(words == Words{"x.so"});
  CHECK_FALSE(take_side(decant_program, words));
  CHECK(words == Words{"x.so"});
}

TEST_CASE("wrap is a side of the command alone") {
  Words words{"wrap"};
  CHECK_FALSE(take_side(own_program, words));
  CHECK(take_side(decant_program, words) == Side::wrap);
}

TEST_CASE("fcgiwrap's options become settings") {
  const Settings parsed =
      settings(Side::wrap, {"-c", "7", "-f", "-s", "tcp:127.0.0.1:9000", "-p",
                            "/a.cgi", "-p", "/b.cgi"});
  CHECK(parsed.service.threads == 7);
  CHECK(parsed.fcgi.errors_to_server);
  CHECK(parsed.listen == Words{"127.0.0.1:9000"});
  CHECK(parsed.allowed == Words{"/a.cgi", "/b.cgi"});
  CHECK(settings(Side::wrap, {"-s", "tcp6:[::1]:9000"}).listen ==
        Words{"[::1]:9000"});
  CHECK(settings(Side::wrap, {"-s", "unix:/run/w"}).listen ==
        Words{"unix:/run/w"});
  CHECK(holds(complaint(Side::wrap, {"-c", "many"}), "many"));
  CHECK(complaint(Side::wrap, {"./app.cgi"}) != "accepted");
}

TEST_CASE("options of programs become settings") {
  const Settings parsed = settings(
      Side::run, {"./a.cgi", "--program-timeout", "5", "--pass-env", "HOME",
                  "--pass-env", "USER", "--extension", ".cgi", "--env", "A=b"});
  CHECK(parsed.program.timeout == std::chrono::seconds(5));
  CHECK(parsed.program.pass_env == Words{"HOME", "USER"});
  CHECK(parsed.program.extensions == Words{".cgi"});
  CHECK(parsed.program.variables == parsed.rules.variables);
  CHECK(settings(Side::fcgi, {"./a.cgi"}).program.timeout ==
        std::chrono::seconds(60));
  CHECK(holds(complaint(Side::cgi, {"./a.cgi", "--program-timeout", "-1"}),
              "--program-timeout"));
}

TEST_CASE("options of fcgi become settings") {
  const Settings parsed = settings(Side::fcgi, {"./hello.so",
                                                "--listen",
                                                "unix:/run/a.sock",
                                                "--listen",
                                                "[::1]:9000",
                                                "--mode",
                                                "0660",
                                                "--threads",
                                                "8",
                                                "--max-params",
                                                "2048,50",
                                                "--max-body",
                                                "1000",
                                                "--grace",
                                                "5",
                                                "--roles",
                                                "responder,authorizer",
                                                "--status",
                                                "127.0.0.1:9100",
                                                "--script-name",
                                                "/app/",
                                                "--env",
                                                "A=1",
                                                "--env",
                                                "b.c=d=e"});
  CHECK(parsed.app == "./hello.so");
  CHECK(parsed.listen == Words{"unix:/run/a.sock", "[::1]:9000"});
  CHECK(parsed.service.socket.mode == 0660);
  CHECK(parsed.service.threads == 8);
  CHECK(parsed.service.limits.max_params == 2048);
  CHECK(parsed.service.limits.max_param_count == 50);
  CHECK(parsed.service.limits.grace == std::chrono::seconds(5));
  CHECK(parsed.fcgi.authorizer);
  CHECK(parsed.service.status == "127.0.0.1:9100");
  CHECK(parsed.service.rules.max_body == 1000);
  CHECK(parsed.service.rules.script_name == "/app");
  REQUIRE(parsed.rules.variables.size() == 2);
  CHECK(parsed.rules.variables[1] ==
        std::pair<std::string, std::string>("b.c", "d=e"));
}

TEST_CASE("options of fcgi say where the logs are") {
  const Settings none = settings(Side::fcgi, {"a.so"});
  CHECK(none.service.logs.file.empty());
  CHECK(none.service.logs.access_file.empty());
  const Settings parsed =
      settings(Side::fcgi, {"a.so", "--log-file", "/var/log/a.log",
                            "--access-log", "-", "--access-format", "json"});
  CHECK(parsed.service.logs.file == "/var/log/a.log");
  CHECK(parsed.service.logs.access_file == "-");
  CHECK(parsed.service.logs.access_format == service::AccessFormat::json);
  CHECK(settings(Side::fcgi, {"a.so", "--log-file", "-"})
            .service.logs.file.empty());
  CHECK(holds(complaint(Side::fcgi, {"a.so", "--access-format", "short"}),
              "common combined json"));
}

TEST_CASE("options of run become a request") {
  const Settings parsed =
      settings(Side::run,
               {"/form?q", "-X", "PUT", "-H", "A: 1", "-H", "B: 2", "-d", "x=1",
                "--as", "body", "--fail"},
               own_program);
  REQUIRE(parsed.run.request);
  CHECK(parsed.run.request->target == "/form?q");
  CHECK(parsed.run.request->method == "PUT");
  CHECK(parsed.run.request->headers == Words{"A: 1", "B: 2"});
  CHECK(parsed.run.request->data == "x=1");
  CHECK(parsed.run.form == runner::Form::body);
  CHECK(parsed.run.fail);
}

TEST_CASE("a repeatable option takes one word, the next may be TARGET") {
  const Settings parsed = settings(
      Side::run,
      {"a.py", "--python-path", "lib", "--env", "A=1", "-H", "A: 1", "/form"});
  CHECK(parsed.python.python_path == Words{"lib"});
  CHECK(parsed.rules.variables.size() == 1);
  REQUIRE(parsed.run.request);
  CHECK(parsed.run.request->headers == Words{"A: 1"});
  CHECK(parsed.run.request->target == "/form");
}

TEST_CASE("without a target run takes its request from the environment") {
  CHECK_FALSE(settings(Side::run, {}, own_program).run.request);
}

TEST_CASE("bad words get one line that names the option") {
  CHECK(holds(complaint(Side::fcgi, {"a.so", "--threads", "x"}), "--threads"));
  CHECK(holds(complaint(Side::fcgi, {"a.so", "--threads", "0"}), "--threads"));
  CHECK(holds(complaint(Side::fcgi, {"a.so", "--processes", "many"}),
              "--processes"));
  CHECK(holds(complaint(Side::fcgi, {"a.so", "--mode", "9"}), "--mode"));
  CHECK(holds(complaint(Side::fcgi, {"a.so", "--max-params", "1,x"}),
              "--max-params"));
  CHECK(
      holds(complaint(Side::fcgi, {"a.so", "--max-body", "-1"}), "--max-body"));
  CHECK(holds(complaint(Side::fcgi, {"a.so", "--engine", "v8"}), "--engine"));
  CHECK(holds(complaint(Side::fcgi, {"a.so", "--allow-peer", "x"}), "\"x\""));
  CHECK(holds(complaint(Side::fcgi, {"a.so", "--bogus"}), "--bogus"));
  CHECK(holds(complaint(Side::cgi, {"a.so", "--env", "A"}), "NAME=VALUE"));
  CHECK(holds(complaint(Side::cgi, {}), "APP"));
  CHECK(holds(complaint(Side::run, {"a.so", "--as", "x"}), "--as"));
  CHECK(holds(complaint(Side::run, {"a.so", "-X", "PUT"}), "TARGET"));
  CHECK(holds(complaint(Side::run, {"a.so", "/", "--http"}), "--http"));
  CHECK(holds(complaint(Side::run, {"a.so", "--config", "/no/such/file"}),
              "/no/such/file"));
  for (const auto& words :
       {Words{"a.so", "--threads", "x\ny"}, Words{"a.so", "--bog\nus"}}) {
    CHECK(complaint(Side::fcgi, words).find('\n') == std::string::npos);
  }
}
