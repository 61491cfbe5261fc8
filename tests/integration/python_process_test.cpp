// SPDX-License-Identifier: MIT
// A Python service as a process: threads, signals, its end, children, crashes.
#include <signal.h>

#include <chrono>
#include <filesystem>

#include "integration/python_fixtures.hpp"
#include "integration/service_fixtures.hpp"
#include "support/catch.hpp"

using namespace decant::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

/// What every application below is written with.
const std::string prelude = R"(
import atexit, os, signal, sys, threading, time


def answer(start_response, text):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [text.encode()]


def application(environ, start_response):
    return answer(start_response, "served")

)";

/// A service of the prelude and `code`.
struct PythonService {
  explicit PythonService(const std::string& code, const Words& options = {})
      : service(words(code, options), "unix:" + directory / "s") {}

  Words words(const std::string& code, const Words& options) const {
    Words all = {directory.write("app.py", prelude + code)};
    all.insert(all.end(), options.begin(), options.end());
    return all;
  }

  FastcgiResponse ask(const std::string& query = "") const {
    FastcgiClient client(service.endpoint());
    FastcgiVariables variables = get("/");
    variables.emplace_back("QUERY_STRING", query);
    client.send(fastcgi_request(variables, ""));
    return client.receive();
  }

  /// Its exit status after a TERM, and how long it took.
  int stop() {
    const auto start = std::chrono::steady_clock::now();
    service.signal(SIGTERM);
    const int status = service.wait();
    taken = std::chrono::steady_clock::now() - start;
    return status;
  }

  TemporaryDirectory directory;
  Service service;
  std::chrono::steady_clock::duration taken{};
};

/// One request by `decant run`, of the prelude and `code`.
Ran run_once(const TemporaryDirectory& directory, const std::string& code) {
  return run_clean({decant_command(), "run",
                    directory.write("app.py", prelude + code), "/", "--as",
                    "body"});
}

}  // namespace

TEST_CASE("requests that sleep are served at the same time",
          "[python-process]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  const Service service({python_application("python_applications.py:sleeping"),
                         "--threads", "10"},
                        "unix:" + directory / "s");
  const auto start = std::chrono::steady_clock::now();
  std::vector<FastcgiClient> clients;
  for (int i = 0; i < 10; ++i) {
    clients.emplace_back(service.endpoint());
    clients.back().send(fastcgi_request(get("/"), ""));
  }
  for (FastcgiClient& client : clients) {
    CHECK_THAT(client.receive().output, Contains("Hello world!\n"));
  }
  // One after the other they would take 2 s.
  CHECK(std::chrono::steady_clock::now() - start < 1s);
}

TEST_CASE("sys.exit() and KeyboardInterrupt end a request, not the service",
          "[python-process]") {
  if (no_python()) return;
  PythonService python(R"(
def application(environ, start_response):
    query = environ["QUERY_STRING"]
    if query == "exit":
        sys.exit(5)
    if query == "interrupt":
        raise KeyboardInterrupt
    if query == "generator":
        raise GeneratorExit
    if query == "late":
        return late(start_response)
    return answer(start_response, "served")


def late(start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"the beginning"
    sys.exit(5)
)");
  for (const char* const query : {"exit", "interrupt", "generator"}) {
    CAPTURE(query);
    CHECK_THAT(python.ask(query).output, StartsWith("Status: 500 "));
  }
  const FastcgiResponse cut = python.ask("late");
  CHECK_THAT(cut.output, Contains("the beginning"));
  CHECK((!cut.complete || cut.application_status != 0));
  CHECK_THAT(python.ask().output, Contains("served"));
  CHECK_THAT(python.service.log(),
             Contains("SystemExit: 5") && Contains("KeyboardInterrupt"));
  CHECK(python.stop() == 0);
}

TEST_CASE("an exception is logged with its traceback and its request",
          "[python-process]") {
  if (no_python()) return;
  const PythonService python(R"(
def application(environ, start_response):
    return answer(start_response, str(1 / 0))
)");
  const FastcgiResponse response = python.ask();
  CHECK_THAT(response.output, StartsWith("Status: 500 ") &&
                                  !Contains("ZeroDivision") &&
                                  !Contains("Traceback"));
  CHECK_THAT(
      python.service.log(),
      Contains("Traceback (most recent call last):") &&
          Contains("app.py\", line ") &&
          Contains("decant: GET /: python: ZeroDivisionError: division by "
                   "zero\n"));
}

TEST_CASE("signal handlers of the application do not keep decant from ending",
          "[python-process]") {
  if (no_python()) return;
  PythonService python(R"(
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT,
               signal.SIGUSR1):
    signal.signal(number, lambda *arguments: print("handled"))
)");
  CHECK_THAT(python.ask().output, Contains("served"));
  // They stay ignored.
  python.service.signal(SIGHUP);
  python.service.signal(SIGUSR1);
  CHECK_THAT(python.ask().output, Contains("served"));
  CHECK(python.stop() == 0);
  CHECK(python.taken < 5s);
  CHECK_THAT(python.service.log(), Contains("stopped") && !Contains("handled"));
}

TEST_CASE("a daemon thread does not hold up the end", "[python-process]") {
  if (no_python()) return;
  const std::string code = R"(
def forever():
    while True:
        time.sleep(0.01)


threading.Thread(target=forever, daemon=True).start()
)";
  SECTION("of a service") {
    PythonService python(code);
    CHECK_THAT(python.ask().output, Contains("served"));
    CHECK(python.stop() == 0);
    CHECK(python.taken < 5s);
  }
  SECTION("of one request") {
    const TemporaryDirectory directory;
    const Ran ran = run_once(directory, code);
    CHECK(ran.status == 0);
    CHECK(ran.out == "served");
    CHECK(ran.err == "");
  }
}

TEST_CASE("a process with busy daemon threads ends 20 times of 20",
          "[python-process]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  for (int i = 0; i < 20; ++i) {
    const Ran ran = run_once(directory, R"(
def busy():
    number = 0
    while True:
        number += 1
        os.environ.get("PATH")


for _ in range(4):
    threading.Thread(target=busy, daemon=True).start()
)");
    REQUIRE(ran.status == 0);
    REQUIRE(ran.out == "served");
    REQUIRE(ran.err == "");
  }
}

TEST_CASE("a thread that is no daemon is waited for, then atexit runs",
          "[python-process]") {
  if (no_python()) return;
  const std::string code = R"(
def leave(name):
    with open(os.path.join(os.path.dirname(__file__), name), "w") as file:
        file.write(str(os.path.exists(
            os.path.join(os.path.dirname(__file__), "thread"))))


def finish():
    while not stopping.wait(10):
        pass
    time.sleep(0.2)
    leave("thread")


def application(environ, start_response):
    threading.Thread(target=finish, **OPTIONS).start()
    stopping.set()
    return answer(start_response, "served")


stopping = threading.Event()
atexit.register(leave, "atexit")
)";
  // What a thread starts that Python has not started is a daemon otherwise.
  const std::string by_default = "OPTIONS = {}\n";
  const std::string no_daemon = "OPTIONS = {'daemon': False}\n";
  SECTION("by a service") {
    PythonService python(code + no_daemon);
    CHECK_THAT(python.ask().output, Contains("served"));
    CHECK(python.stop() == 0);
    CHECK(std::filesystem::exists(python.directory / "thread"));
    CHECK(read_file(python.directory / "atexit") == "True");
  }
  SECTION("by one request") {
    const TemporaryDirectory directory;
    const Ran ran = run_once(directory, code + by_default);
    CHECK(ran.status == 0);
    CHECK(ran.out == "served");
    CHECK(std::filesystem::exists(directory / "thread"));
    CHECK(read_file(directory / "atexit") == "True");
  }
}

TEST_CASE("what was printed last is not lost", "[python-process]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  const Ran ran = run_once(directory, R"(
atexit.register(lambda: print("printed at the end", end=""))
sys.stdout.write("no line end")
)");
  CHECK(ran.status == 0);
  CHECK(ran.out == "served");
  CHECK_THAT(ran.err,
             Contains("no line end") && Contains("printed at the end"));
}

TEST_CASE("a child that the application forks does not serve",
          "[python-process]") {
  if (no_python()) return;
  const std::string code = R"(
def application(environ, start_response):
    child = os.fork()
    if child == 0:
        return answer(start_response, "from the child")
    ended = os.waitpid(child, 0)[1]
    return answer(start_response, "the child ended, " + str(ended))
)";
  SECTION("of a service") {
    PythonService python(code);
    for (int i = 0; i < 3; ++i) {
      const FastcgiResponse response = python.ask();
      CHECK(response.complete);
      CHECK_THAT(response.output,
                 Contains("the child ended, ") && !Contains("from the child"));
    }
    CHECK(python.stop() == 0);
  }
  SECTION("of one request") {
    const TemporaryDirectory directory;
    const Ran ran = run_once(directory, code);
    CHECK(ran.status == 0);
    CHECK_THAT(ran.out,
               StartsWith("the child ended, ") && !Contains("from the child"));
  }
}

TEST_CASE("a child that the application forks may end by itself",
          "[python-process]") {
  if (no_python()) return;
  PythonService python(R"(
def application(environ, start_response):
    child = os.fork()
    if child == 0:
        os._exit(7)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return answer(start_response, "the child ended with " + str(status))
)");
  CHECK_THAT(python.ask().output, Contains("the child ended with 7"));
  CHECK(python.stop() == 0);
}

TEST_CASE("subprocess and multiprocessing work", "[python-process]") {
  if (no_python()) return;
  PythonService python(R"(
import multiprocessing
import subprocess


def double(number):
    return 2 * number


def application(environ, start_response):
    echo = subprocess.run(["echo", "hello"], capture_output=True, text=True)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        doubled = pool.map(double, [1, 2, 3])
        pool.close()
        pool.join()
    return answer(start_response, echo.stdout + str(doubled))
)");
  CHECK_THAT(python.ask().output, Contains("hello\n[2, 4, 6]"));
  CHECK(python.stop() == 0);
}

TEST_CASE("a crash shows where Python was", "[python-process]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  const Ran ran = run_once(directory, R"(
import ctypes


def crash():
    ctypes.string_at(0)


def application(environ, start_response):
    crash()
)");
  CHECK(ran.status == 128 + SIGSEGV);
  CHECK_THAT(ran.err, Contains("Fatal Python error: Segmentation fault") &&
                          Contains("app.py\", line ") && Contains("in crash") &&
                          Contains("in application"));
}

TEST_CASE("a client that leaves ends the generator, quietly",
          "[python-process]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  const std::string mark = directory / "mark";
  const Service service(
      {python_application("python_applications.py:endless_stream"), "--env",
       "test.mark=" + mark},
      "unix:" + directory / "s");
  const std::string before = service.log();
  {
    FastcgiClient client(service.endpoint());
    client.send(fastcgi_request(get("/"), ""));
    REQUIRE(client.read_until("xxxx"));
    REQUIRE(!std::filesystem::exists(mark));
  }
  CHECK(wait_until([&] { return std::filesystem::exists(mark); }, 2s));
  // The next request is served after what the first one had to say.
  FastcgiClient next(service.endpoint());
  next.send(fastcgi_request(get("/"), ""));
  CHECK(next.read_until("xxxx"));
  const std::string said = service.log().substr(before.size());
  CAPTURE(said);
  CHECK(count(said, "\n") <= 1);
  CHECK_THAT(said, !Contains("Traceback"));
}

TEST_CASE("a service of Python stops with a request in flight",
          "[python-process]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  Gate gate(directory / "gate");
  PythonService python(R"(
def application(environ, start_response):
    with open(environ["QUERY_STRING"]) as gate:
        gate.read()
    return answer(start_response, "through the gate")
)");
  FastcgiClient client(python.service.endpoint());
  FastcgiVariables variables = get("/");
  variables.emplace_back("QUERY_STRING", gate.path());
  client.send(fastcgi_request(variables, ""));
  gate.await_reader();
  python.service.signal(SIGTERM);
  gate.open();
  CHECK_THAT(client.receive().output, Contains("through the gate"));
  CHECK(python.service.wait() == 0);
}

TEST_CASE("what a request starts has nothing of the worker's",
          "[python-process]") {
  if (no_python()) return;
  const std::string how = GENERATE("fork", "subprocess", "os.system",
                                   "posix_spawn", "spawn", "forkserver");
  const std::string threads = GENERATE("1", "4");
  CAPTURE(how, threads);
  const std::string code = R"(
import multiprocessing
import subprocess
import sys

LOOK = r"""
import os
lines = [line for line in open("/proc/self/status")
         if line.startswith(("SigBlk", "SigIgn"))]
mask = int(lines[0].split()[1], 16)
ignored = int(lines[1].split()[1], 16)
# Python itself ignores SIGPIPE and SIGXFSZ, 32 and 33 are the C library's.
ignored &= ~(1 << 12 | 1 << 24 | 3 << 31)
kinds = [os.readlink("/proc/self/fd/" + name) if
         os.path.exists("/proc/self/fd/" + name) else ""
         for name in os.listdir("/proc/self/fd") if int(name) > 2]
ours = [kind for kind in kinds if "eventpoll" in kind or "timerfd" in kind or
        "eventfd" in kind or kind in NOT_OURS]
open(FILE, "w").write("%x %x %s" % (mask, ignored, ours))
"""


def look(file, sockets):
    exec(LOOK.replace("FILE", repr(file)).replace("NOT_OURS", repr(sockets)))


def application(environ, start_response):
    here = os.path.dirname(os.path.abspath(__file__))
    file = os.path.join(here, "seen")
    # The listening socket and this connection.
    sockets = [os.readlink("/proc/self/fd/" + name)
               for name in os.listdir("/proc/self/fd")
               if int(name) > 2 and os.path.exists("/proc/self/fd/" + name)]
    sockets = [name for name in sockets if name.startswith("socket:")]
    script = os.path.join(here, "look.py")
    with open(script, "w") as out:
        out.write(LOOK.replace("FILE", repr(file))
                  .replace("NOT_OURS", repr(sockets)))
    words = [PYTHON, script]
    if HOW == "fork":
        child = os.fork()
        if child == 0:
            look(file, sockets)
            os._exit(0)
        os.waitpid(child, 0)
    elif HOW == "subprocess":
        subprocess.run(words)
    elif HOW == "os.system":
        os.system(" ".join(words))
    elif HOW == "posix_spawn":
        os.waitpid(os.posix_spawn(PYTHON, words, os.environ), 0)
    else:
        multiprocessing.set_executable(PYTHON)
        process = multiprocessing.get_context(HOW).Process(
            target=os.system, args=(" ".join(words),))
        process.start()
        process.join()
    sleeper = subprocess.Popen(["sleep", "1000"])
    sleeper.terminate()
    with open(file) as seen:
        answers = "%s, %d" % (seen.read(), sleeper.wait(10))
    return answer(start_response, answers)
)";
  PythonService python(
      "HOW = '" + how + "'\nPYTHON = '" + python_executable() + "'\n" + code,
      {"--threads", threads});
  CHECK_THAT(python.ask().output, Contains("0 0 [], -15"));
  CHECK(python.stop() == 0);
}

TEST_CASE("print() to nobody fails no request", "[python-process]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  const std::string app = directory.write("app.py", R"(
import sys


def application(environ, start_response):
    print("x" * 100000)
    print("to stderr", file=sys.stderr)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"served"]
)");
  // Closed, full, and a pipe whose reader is gone.
  const std::string streams =
      GENERATE(">&- 2>&-", "<&- >&- 2>&-", ">/dev/full 2>/dev/full",
               "> >(exec true) 2> >(exec true)");
  CAPTURE(streams);
  const std::string log = directory / "log";
  Process service(
      {.words = {"/bin/bash", "-c",
                 "exec \"$0\" fcgi \"$1\" --processes 1 --listen "
                 "\"$2\" --log-file \"$3\" " +
                     streams,
                 decant_command(), app, "unix:" + directory / "s", log}});
  REQUIRE(wait_until([&] { return accepts("unix:" + directory / "s"); }));
  for (int i = 0; i < 3; ++i) {
    CHECK(body_of("unix:" + directory / "s") == "served");
  }
  service.signal(SIGTERM);
  CHECK(service.wait() == 0);
}

TEST_CASE("threads that a request starts are waited for", "[python-process]") {
  if (no_python()) return;
  const std::string threads = GENERATE("1", "4");
  const std::string how = GENERATE("thread", "pool");
  CAPTURE(threads, how);
  PythonService python(R"(
import concurrent.futures


def work(path):
    time.sleep(0.5)
    open(path, "w").close()


pool = concurrent.futures.ThreadPoolExecutor()


def application(environ, start_response):
    how, path = environ["QUERY_STRING"].split("=")
    if how == "pool":
        pool.submit(work, path)
    else:
        threading.Thread(target=work, args=(path,)).start()
    return answer(start_response, "served")
)",
                       {"--threads", threads});
  const std::string mark = python.directory / "mark";
  CHECK_THAT(python.ask(how + "=" + mark).output, Contains("served"));
  CHECK(python.stop() == 0);
  CHECK(std::filesystem::exists(mark));
  CHECK_THAT(python.service.log(), !Contains("cut off"));
}

TEST_CASE("threads that do not end are cut off after the grace, and named",
          "[python-process]") {
  if (no_python()) return;
  PythonService python(R"(
def application(environ, start_response):
    threading.Thread(target=time.sleep, args=(1000,), name="endless").start()
    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
    return answer(start_response, "served")
)",
                       {"--grace", "1", "--processes", "1"});
  CHECK_THAT(python.ask().output, Contains("served"));
  CHECK(python.stop() == 0);
  CHECK(python.taken < 5s);
  CHECK_THAT(python.service.log(),
             Contains("python: threads of the application did not end within "
                      "1 s (--grace) and were cut off: endless\n"));
}

TEST_CASE("whatever an application has changed, its process ends well",
          "[python-process]") {
  if (no_python()) return;
  const std::string code = GENERATE(
      "sys.stderr = sys.stdout = None",
      "sys.excepthook = sys.unraisablehook = 5",
      "threading._shutdown = lambda: 1 / 0", "del threading._shutdown",
      "atexit.register(sys.exit, 7)", "atexit.register(lambda: 1 / 0)",
      "signal.signal = os.fork = None", "sys.modules.pop('threading')",
      "sys.modules['threading'] = sys.modules['atexit'] = None",
      "threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()");
  const std::string threads = GENERATE("1", "4");
  CAPTURE(code, threads);
  const std::string module = code + "\natexit.register(open, MARK, 'w')\n";
  const TemporaryDirectory directory;
  const std::string mark = directory / "mark";
  PythonService python("MARK = '" + mark + "'\n" + module,
                       {"--threads", threads, "--processes", "1"});
  CHECK_THAT(python.ask().output, Contains("served"));
  CHECK(python.stop() == 0);
  CHECK_THAT(python.service.log(), !Contains("SIGSEGV"));
  const std::string ran_once = directory / "once";
  const Ran ran = run_once(directory, "MARK = '" + ran_once + "'\n" + module);
  CHECK(ran.status == 0);
  CHECK(ran.out == "served");
  if (code.find("'atexit'") == std::string::npos) {
    CHECK(std::filesystem::exists(mark));
    CHECK(std::filesystem::exists(ran_once));
  }
}

TEST_CASE("gevent's patches do not crash the end of a process",
          "[python-process]") {
  if (no_python()) return;
  if (no_python_module("gevent", "gevent")) return;
  const TemporaryDirectory directory;
  const std::string code = R"(
from gevent import monkey
monkey.patch_all()
atexit.register(print, "atexit ran", file=sys.stderr, flush=True)
)";
  const Ran ran = run_once(directory, code);
  CHECK(ran.status == 0);
  CHECK(ran.out == "served");
  CHECK_THAT(ran.err, Contains("atexit ran"));
  for (const char* const threads : {"1", "4"}) {
    PythonService python(code, {"--threads", threads, "--processes", "2"});
    CHECK_THAT(python.ask().output, Contains("served"));
    CHECK(python.stop() == 0);
    CHECK(count(python.service.log(), "atexit ran") == 2);
    CHECK_THAT(python.service.log(), !Contains("SIGSEGV"));
  }
}

TEST_CASE("an application that does not load in time is one that cannot",
          "[python-process]") {
  if (no_python()) return;
  const std::string processes = GENERATE("0", "1", "preload");
  CAPTURE(processes);
  const TemporaryDirectory directory;
  const std::string app =
      directory.write("app.py", prelude +
                                    "def hang():\n    time.sleep(1000)\n"
                                    "\n\nhang()\n");
  Words words = {decant_command(),         "fcgi", app,
                 "--load-timeout",         "1",    "--listen",
                 "unix:" + directory / "s"};
  if (processes == "preload") {
    words.push_back("--preload");
  } else {
    words.insert(words.end(), {"--processes", processes});
  }
  const auto start = std::chrono::steady_clock::now();
  const Ran ran = run_clean(words);
  CHECK(std::chrono::steady_clock::now() - start < 5s);
  CHECK(ran.status == 3);
  CHECK_THAT(ran.err,
             Contains("decant: fcgi: the application was not loaded within 1 s "
                      "(--load-timeout); its stack follows\n") &&
                 Contains("app.py\", line ") && Contains("in hang"));
  CHECK(!std::filesystem::exists(directory / "s"));
}

TEST_CASE("a reload that hangs leaves the old workers", "[python-process]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  const std::string mark = directory / "mark";
  PythonService python("if os.path.exists('" + mark + "'): time.sleep(1000)\n",
                       {"--processes", "1", "--load-timeout", "1"});
  CHECK_THAT(python.ask().output, Contains("served"));
  directory.write("mark", "");
  python.service.signal(SIGHUP);
  CHECK(wait_until([&] {
    return python.service.log().find("could not be loaded anew") !=
           std::string::npos;
  }));
  CHECK_THAT(python.ask().output, Contains("served"));
  CHECK(python.stop() == 0);
}

TEST_CASE("an application that takes long to load is told of",
          "[python-process]") {
  if (no_python()) return;
  const PythonService python("time.sleep(10.5)\n", {"--processes", "1"});
  CHECK_THAT(python.service.log(),
             Contains("decant: fcgi: the application is still loading after "
                      "10 s; its stack follows\n") &&
                 Contains("app.py\", line "));
  CHECK_THAT(python.ask().output, Contains("served"));
}
