// SPDX-License-Identifier: MIT
// How a Python application is found and loaded, and what it finds itself in.
#include <filesystem>
#include <fstream>

#include "integration/python_fixtures.hpp"
#include "support/catch.hpp"

using namespace decant::test;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

/// A folder of applications, each of which answers with its own name.
struct Folder {
  Folder() {
    std::filesystem::create_directories(directory / "package");
    const std::string named =
        "def named(name):\n"
        "    def call(environ, start_response):\n"
        "        start_response('200 OK', [('Content-Type', 'text/plain')])\n"
        "        return [name.encode()]\n"
        "    return call\n";
    directory.write("naming.py", named);
    directory.write("both.py",
                    "from naming import named\n"
                    "application = named('application')\n"
                    "app = named('app')\n"
                    "other = named('other')\n");
    directory.write("only_app.py",
                    "from naming import named\napp = named('only app')\n");
    directory.write("site.wsgi",
                    "from naming import named\n"
                    "application = named('site.wsgi')\n");
    directory.write("script",
                    "#!/usr/bin/env decant\nfrom naming import named\n"
                    "application = named('script')\n");
    directory.write("package/__init__.py",
                    "from naming import named\n"
                    "application = named('package')\n");
    directory.write("package/wsgi.py",
                    "from naming import named\n"
                    "application = named('package.wsgi')\n");
    directory.write("package/module.py",
                    "from naming import named\n"
                    "application = named('package.module')\n"
                    "class holder:\n"
                    "    class inner:\n"
                    "        call = staticmethod(named('inner'))\n"
                    "def make():\n"
                    "    return named('made')\n"
                    "class Instance:\n"
                    "    def __call__(self, environ, start_response):\n"
                    "        return named('instance')(environ, "
                    "start_response)\n");
  }

  TemporaryDirectory directory;
};

Ran run_app(const std::string& app, const Words& options = {},
            const Pairs& variables = {}) {
  Words words = {decant_command(), "run", app, "/", "--as", "body"};
  words.insert(words.end(), options.begin(), options.end());
  return run_clean(words, "", variables);
}

/// What an application answers that loads and serves without a complaint.
std::string answer(const std::string& app, const Words& options = {},
                   const Pairs& variables = {}) {
  const Ran ran = run_app(app, options, variables);
  CAPTURE(app, options);
  CHECK(ran.err == "");
  CHECK(ran.status == 0);
  return ran.out;
}

/// An application that answers with what an expression gives, of which the
/// module keeps the value it had while it was loaded.
std::string file_telling(const TemporaryDirectory& directory,
                         const std::string& imports,
                         const std::string& expression) {
  return directory.write(
      "telling.py",
      imports + "\nvalue = " + expression +
          "\n\ndef application(environ, start_response):\n"
          "    start_response('200 OK', [('Content-Type', 'text/plain')])\n"
          "    return [str(value).encode()]\n");
}

/// The last line on standard error, without its line end.
std::string last_line(const std::string& text) {
  const std::string lines = text.substr(0, text.find_last_not_of('\n') + 1);
  return lines.substr(lines.rfind('\n') + 1);
}

/// It exits with 3, and its last line says why.
Ran check_refused(const std::string& app, const std::string& reason,
                  const Words& options = {}) {
  CAPTURE(app, options);
  const Ran ran = run_app(app, options);
  CHECK(ran.status == 3);
  CHECK(ran.out == "");
  CHECK_THAT(ran.err, EndsWith("\n"));
  CHECK_THAT(last_line(ran.err),
             StartsWith("decant: ") && Contains("python: " + reason));
  return ran;
}

/// The same without a traceback: no Python code of the application ran.
void check_refused_in_one_line(const std::string& app,
                               const std::string& reason,
                               const Words& options = {}) {
  CHECK(count(check_refused(app, reason, options).err, "\n") == 1);
}

/// A virtual environment with the module `installed` in it, VALUE of which is
/// "from the environment".
std::string make_venv(const TemporaryDirectory& directory) {
  const std::string venv = directory / "venv";
  REQUIRE(run_clean({python_executable(), "-m", "venv", "--without-pip", venv})
              .status == 0);
  std::string packages;
  for (const auto& entry : std::filesystem::directory_iterator(venv + "/lib")) {
    packages = entry.path() / "site-packages";
  }
  std::ofstream(packages + "/installed.py")
      << "VALUE = 'from the environment'\n";
  return venv;
}

}  // namespace

TEST_CASE("APP is a file of Python, with or without a callable",
          "[python-host]") {
  if (no_python()) return;
  const Folder folder;
  const TemporaryDirectory& d = folder.directory;
  CHECK(answer(d / "both.py") == "application");
  CHECK(answer(d / "only_app.py") == "only app");
  CHECK(answer(d / "both.py:other") == "other");
  CHECK(answer("python:" + d / "both.py") == "application");
  CHECK(answer("python:" + d / "both.py:app") == "app");
  CHECK(answer(d / "site.wsgi") == "site.wsgi");
  // Its own directory is searched, naming.py is in the one above.
  const Words naming = {"--python-path", d.path()};
  const std::string module = d / "package/module.py";
  CHECK(answer(module + ":holder.inner.call", naming) == "inner");
  CHECK(answer(module + ":make()", naming) == "made");
  CHECK(answer(module + ":Instance()", naming) == "instance");
}

TEST_CASE("APP is a file whose first line names decant, whatever its ending",
          "[python-host]") {
  if (no_python()) return;
  const Folder folder;
  CHECK(answer(folder.directory / "script") == "script");
}

TEST_CASE("APP is a module, found from --chdir", "[python-host]") {
  if (no_python()) return;
  const Folder folder;
  const Words there = {"--chdir", folder.directory.path()};
  CHECK(answer("both:app", there) == "app");
  CHECK(answer("python:both", there) == "application");
  CHECK(answer("python:package.module", there) == "package.module");
  CHECK(answer("package.module:application", there) == "package.module");
  CHECK(answer("package.module:make()", there) == "made");
  CHECK(answer("package.module:holder.inner.call", there) == "inner");
}

TEST_CASE("a package in the working directory is a module, not a directory",
          "[python-host]") {
  if (no_python()) return;
  const Folder folder;
  const Words there = {"--chdir", folder.directory.path()};
  CHECK(answer("python:package", there) == "package");
  CHECK(answer("package:application", there) == "package");
}

TEST_CASE("a module named wsgi is no file that ends in .wsgi",
          "[python-host]") {
  if (no_python()) return;
  const Folder folder;
  const Words there = {"--chdir", folder.directory.path()};
  // As every Django project names it.
  CHECK(answer("package.wsgi", there) == "package.wsgi");
  CHECK(answer("package.wsgi:application", there) == "package.wsgi");
  CHECK(answer("python:package.wsgi", there) == "package.wsgi");
}

TEST_CASE("the path of a file is relative to --chdir", "[python-host]") {
  if (no_python()) return;
  const Folder folder;
  const Words there = {"--chdir", folder.directory.path()};
  CHECK(answer("both.py", there) == "application");
  CHECK(answer("./both.py:other", there) == "other");
  CHECK(answer("site.wsgi", there) == "site.wsgi");
  CHECK(answer("python:script", there) == "script");
  // naming.py is in the working directory, which is not the file's.
  CHECK(answer("package/wsgi.py", {"--chdir", folder.directory.path(),
                                   "--python-path", "."}) == "package.wsgi");
}

TEST_CASE("an application that is not found is one line and exit status 3",
          "[python-host]") {
  if (no_python()) return;
  const Folder folder;
  const Words there = {"--chdir", folder.directory.path()};
  check_refused_in_one_line(
      "nope:app",
      "the module 'nope' was not found; give --python-path or --chdir DIR, or "
      "the path of a file");
  check_refused_in_one_line("python:nope", "the module 'nope' was not found");
  check_refused_in_one_line("python:package.nope",
                            "the module 'package.nope' was not found", there);
  check_refused_in_one_line("./nope.py", "'./nope.py' was not found; ");
  check_refused_in_one_line("nope.py:app", "'nope.py' was not found; ");
  check_refused_in_one_line("python:/nowhere/nope",
                            "'/nowhere/nope' was not found; ");
}

TEST_CASE("a callable that is not found names those that are there",
          "[python-host]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  const Words there = {"--chdir", directory.path()};
  directory.write("hello.py",
                  "import sys\nfoo = 1\n\n\ndef main():\n    pass\n\n\n"
                  "def make_app():\n    pass\n");
  check_refused_in_one_line(
      "hello.py",
      "'hello.py' has no callable 'application' or 'app'; name one, as "
      "hello.py:NAME; it has: main, make_app",
      there);
  check_refused_in_one_line("hello.py:foo",
                            "'hello.py:foo' is not callable, it is ", there);
  check_refused_in_one_line("hello.py:nobody", "'hello.py'", there);
  check_refused_in_one_line("hello.py:foo.bar", "'hello.py", there);
  // A factory that gives none.
  check_refused_in_one_line("hello.py:make_app()", "'hello.py:make_app()'",
                            there);
  check_refused("hello.py:make_app(1)", "'hello.py", there);
}

TEST_CASE("a missing module of the application is named", "[python-host]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  const Words there = {"--chdir", directory.path()};
  directory.write("app.py", "import no_such_package.part\n");
  const Ran ran = check_refused(
      "app.py",
      "'app.py' needs the module 'no_such_package', which was not found; "
      "install it, or give ",
      there);
  CHECK_THAT(ran.err, Contains("Traceback (most recent call last):") &&
                          Contains("app.py\", line 1"));
}

TEST_CASE("what is raised while loading is shown with its traceback",
          "[python-host]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  const Words there = {"--chdir", directory.path()};
  directory.write("syntax.py", "def application(:\n");
  CHECK_THAT(
      check_refused("syntax.py",
                    "'syntax.py' could not be loaded: SyntaxError: ", there)
          .err,
      Contains("def application(:"));
  directory.write("raises.py", "def f():\n    return 1 / 0\n\n\nf()\n");
  CHECK_THAT(
      check_refused("raises.py",
                    "'raises.py' could not be loaded: ZeroDivisionError: "
                    "division by zero",
                    there)
          .err,
      Contains("Traceback (most recent call last):") && Contains("in f"));
  directory.write("exits.py", "import sys\nsys.exit(0)\n");
  check_refused("exits.py", "'exits.py' could not be loaded: SystemExit",
                there);
  directory.write("factory.py", "def make():\n    raise ValueError('no')\n");
  check_refused("factory.py:make()",
                "'factory.py' could not be loaded: ValueError: no", there);
}

TEST_CASE("an ASGI application is told apart at load", "[python-host]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  const Words there = {"--chdir", directory.path()};
  directory.write("asgi.py", R"(
import functools


async def coroutine(scope, receive, send):
    pass


async def generator(scope, receive):
    yield


class Framework:
    async def __call__(self, scope, receive, send):
        pass


class Wrapped:
    def __call__(self, scope, receive, send):
        return coroutine(scope, receive, send)


class Methods:
    async def asgi(self, scope, receive, send):
        pass


framework = Framework()
wrapped = Wrapped()
method = Methods().asgi


def make():
    return Framework()


def of_any(*arguments):
    arguments[1]('200 OK', [])
    return [b'of any']


def with_default(environ, start_response, more=None):
    start_response('200 OK', [])
    return [b'with default']


@functools.wraps(coroutine)
def around(environ, start_response):
    start_response('200 OK', [])
    return [b'around']


class Fine:
    def __init__(self, environ, start_response):
        start_response('200 OK', [])

    def __iter__(self):
        return iter([b'of a class'])
)");
  const auto check = [&](const std::string& name, const std::string& sign) {
    check_refused_in_one_line(
        "asgi.py:" + name,
        "'asgi.py:" + name + "' is an ASGI application, it is " + sign +
            "; give the framework's WSGI application, or wrap it, as ",
        there);
  };
  for (const char* const name : {"coroutine", "generator", "framework",
                                 "method", "Framework", "make()"}) {
    check(name, "a coroutine function");
  }
  check("wrapped", "called with three arguments");
  check("Wrapped", "called with three arguments");
  CHECK(answer("asgi.py:of_any", there) == "of any");
  CHECK(answer("asgi.py:with_default", there) == "with default");
  CHECK(answer("asgi.py:around", there) == "around");
  CHECK(answer("asgi.py:Fine", there) == "of a class");
}

TEST_CASE("a file of a package is named as the module that it is",
          "[python-host]") {
  if (no_python()) return;
  const Folder folder;
  const std::string& path = folder.directory.path();
  folder.directory.write(
      "package/relative.py",
      "from . import wsgi\napplication = wsgi.application\n");
  const std::string reason =
      " imports from its package, which a file by itself has none of; give "
      "package.relative with --chdir " +
      std::filesystem::canonical(path).string();
  check_refused_in_one_line("package/relative.py",
                            "'package/relative.py'" + reason,
                            {"--chdir", path});
  CHECK(answer("package.relative", {"--chdir", path}) == "package.wsgi");
  std::filesystem::remove(path + "/package/__init__.py");
  check_refused_in_one_line("./package/relative.py:application",
                            "'./package/relative.py'" + reason,
                            {"--chdir", path});
}

TEST_CASE("--lenient drops hop-by-hop headers with one warning",
          "[python-host]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  const std::string app = directory.write("app.py", R"(
def application(environ, start_response):
    start_response('200 OK', [('Connection', 'close'), ('X-Kept', '1'),
                              ('Keep-Alive', 'timeout=5')])
    return [b'served']
)");
  const Ran strict = run_clean({decant_command(), "run", app, "/"});
  CHECK_THAT(strict.out, StartsWith("Status: 500 "));
  CHECK_THAT(strict.err,
             Contains("Connection is a hop-by-hop header, which belongs to the "
                      "web server; leave it out, or have --lenient drop it\n"));
  const Ran lenient = run_clean(
      {decant_command(), "run", app, "--http", "--lenient"},
      "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(count(lenient.out, "HTTP/1.1 200 OK\r\n") == 2);
  CHECK(count(lenient.out, "X-Kept: 1\r\n") == 2);
  CHECK_THAT(lenient.out, !Contains("Keep-Alive") && !Contains("close"));
  CHECK(count(lenient.err, "was dropped, as --lenient wants it") == 1);
  CHECK(count(lenient.err, "\n") == 1);
}

TEST_CASE("in cgi-bin an application that fails to load is Status: 500",
          "[python-host]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  const std::string app = directory.write("raises.py", "secret = 1 / 0\n");
  const Ran ran = run_clean({decant_command(), "cgi", app}, "",
                            {{"REQUEST_METHOD", "GET"}});
  CHECK(ran.status == 3);
  CHECK_THAT(ran.out, StartsWith("Status: 500 ") && !Contains("secret") &&
                          !Contains("raises.py"));
  CHECK_THAT(ran.err, Contains("Traceback") && Contains("ZeroDivisionError"));
}

TEST_CASE("a service whose application fails to load exits with 3",
          "[python-host]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  const std::string app = directory.write("raises.py", "1 / 0\n");
  const Ran ran = run_clean(
      {decant_command(), "fcgi", app, "--listen", "unix:" + directory / "s"});
  CHECK(ran.status == 3);
  CHECK_THAT(last_line(ran.err), Contains("could not be loaded"));
  CHECK(!std::filesystem::exists(directory / "s"));
}

TEST_CASE("a file finds itself as an imported module", "[python-host]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  const std::string file =
      file_telling(directory, "import sys",
                   "(sys.argv, sys.path[0], __name__, __file__,\n"
                   "         sys.modules[__name__].__file__)");
  CHECK(answer(file) == "(['" + file + "'], '" + directory.path() +
                            "', 'telling', '" + file + "', '" + file + "')");
}

TEST_CASE("`if __name__ == \"__main__\":` does not run", "[python-host]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  const std::string file = file_telling(directory, "", "'served'");
  std::ofstream(file, std::ios::app)
      << "\n\nif __name__ == '__main__':\n    raise SystemExit('ran')\n";
  CHECK(answer(file) == "served");
}

TEST_CASE("a module finds the working directory first in sys.path",
          "[python-host]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  file_telling(directory, "import os, sys",
               "(sys.argv, sys.path[0], __name__, os.getcwd())");
  CHECK(answer("telling:application", {"--chdir", directory.path()}) ==
        "(['telling:application'], '" + directory.path() + "', 'telling', '" +
            directory.path() + "')");
}

TEST_CASE("--chdir to nowhere is refused", "[python-host]") {
  if (no_python()) return;
  const Ran ran = run_app("app.py", {"--chdir", "/nowhere/at/all"});
  CHECK((ran.status == 2 || ran.status == 3));
  CHECK_THAT(ran.err, StartsWith("decant: ") && Contains("/nowhere/at/all"));
  CHECK(count(ran.err, "\n") == 1);
}

TEST_CASE("--python-path comes before the rest of sys.path", "[python-host]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  const TemporaryDirectory first;
  const TemporaryDirectory second;
  first.write("found.py", "WHERE = 'first'\n");
  second.write("found.py", "WHERE = 'second'\n");
  second.write("other.py", "WHERE = 'second'\n");
  // The standard library's gives way too.
  second.write("this.py", "WHERE = 'second'\n");
  const std::string file = file_telling(directory, "import found, other, this",
                                        "found.WHERE, other.WHERE, this.WHERE");
  CHECK(answer(file, {"--python-path", first.path(), "--python-path",
                      second.path()}) == "('first', 'second', 'second')");
}

TEST_CASE("PYTHONPATH is kept, after --python-path", "[python-host]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  const TemporaryDirectory first;
  const TemporaryDirectory second;
  first.write("found.py", "WHERE = 'option'\n");
  second.write("found.py", "WHERE = 'variable'\n");
  const std::string file =
      file_telling(directory, "import found", "found.WHERE");
  const Pairs variable = {{"PYTHONPATH", second.path()}};
  CHECK(answer(file, {}, variable) == "variable");
  CHECK(answer(file, {"--python-path", first.path()}, variable) == "option");
}

TEST_CASE("--venv and VIRTUAL_ENV give the packages of an environment",
          "[python-host]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  const std::string venv = make_venv(directory);
  const std::string file =
      file_telling(directory, "import installed, sys",
                   "installed.VALUE, sys.prefix, sys.prefix == "
                   "sys.base_prefix, sys.executable");
  const std::string expected = "('from the environment', '" + venv +
                               "', False, '" + venv + "/bin/python')";
  CHECK(answer(file, {"--venv", venv}) == expected);
  CHECK(answer(file, {}, {{"VIRTUAL_ENV", venv}}) == expected);
  // The option wins.
  CHECK(answer(file, {"--venv", venv}, {{"VIRTUAL_ENV", "/nowhere"}}) ==
        expected);
  // Without either it is not there.
  check_refused(file, "'" + file + "' needs the module 'installed'");
}

TEST_CASE("--venv of what is no environment is refused", "[python-host]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  const std::string file = file_telling(directory, "", "1");
  const Ran ran = run_app(file, {"--venv", directory / "nothing"});
  CHECK((ran.status == 2 || ran.status == 3));
  CHECK_THAT(ran.err,
             StartsWith("decant: ") && Contains(directory / "nothing"));
  CHECK(count(ran.err, "\n") == 1);
}

TEST_CASE("--isolated leaves site, PYTHON variables and user packages out",
          "[python-host]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  const TemporaryDirectory outside;
  outside.write("found.py", "");
  directory.write("beside.py", "VALUE = 'beside'\n");
  const std::string file = file_telling(
      directory, "import beside, importlib.util, sys",
      "beside.VALUE, importlib.util.find_spec('found') is None, 'site' in "
      "sys.modules, sys.flags.ignore_environment, sys.flags.no_user_site, "
      "any('packages' in path for path in sys.path)");
  const Pairs variable = {{"PYTHONPATH", outside.path()}};
  CHECK(answer(file, {"--isolated"}, variable) ==
        "('beside', True, False, 1, 1, False)");
  CHECK_THAT(answer(file, {}, variable), StartsWith("('beside', False, True"));
}

TEST_CASE("--env is in os.environ while the application is loaded",
          "[python-host]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  const std::string file = file_telling(directory, "import os",
                                        "os.environ['DJANGO_SETTINGS_MODULE']");
  CHECK(answer(file, {"--env", "DJANGO_SETTINGS_MODULE=mysite.settings"}) ==
        "mysite.settings");
  CHECK_THAT("\n" + answer(python_application("python_applications.py:environ"),
                           {"--env", "DJANGO_SETTINGS_MODULE=mysite.settings"}),
             Contains("\nDJANGO_SETTINGS_MODULE=mysite.settings\n"));
}

TEST_CASE("what a Python application prints is not in its response",
          "[python-host]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  const std::string app = directory.write("chatty.py", R"(
import os, subprocess, sys

print("print while loading")


def application(environ, start_response):
    print("print was here")
    os.write(1, b"write was here\n")
    subprocess.run(["echo", "a child was here"])
    read = sys.stdin.read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"stdin: %r, " % read.encode(), environ["wsgi.input"].read()]
)");
  const auto form = GENERATE(as<Words>(), Words{"run", "/", "-d", "the body"},
                             Words{"cgi"}, Words{"run", "--http"});
  Words words = form;
  words.insert(words.begin() + 1, app);
  words.insert(words.begin(), decant_command());
  CAPTURE(words);
  const bool http = form.back() == "--http";
  const Ran ran =
      run_clean(words,
                http ? "POST / HTTP/1.0\r\nContent-Length: 8\r\n\r\nthe body"
                     : "the body",
                {{"REQUEST_METHOD", "POST"}, {"CONTENT_LENGTH", "8"}});
  CHECK(ran.status == 0);
  CHECK_THAT(ran.out, EndsWith("\r\n\r\nstdin: b'', the body"));
  CHECK_THAT(ran.out, !Contains("was here") && !Contains("while loading"));
  for (const char* const printed : {"print while loading", "print was here",
                                    "write was here", "a child was here"}) {
    CHECK_THAT(ran.err, Contains(printed));
  }
}

TEST_CASE("extension modules of C import", "[python-host]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  const std::string file = file_telling(
      directory,
      "import _ctypes, _decimal, ctypes, decimal, sqlite3, ssl, zlib",
      "decimal.Decimal('0.1') * 3, ssl.OPENSSL_VERSION[:7]");
  CHECK(answer(file) == "(Decimal('0.3'), 'OpenSSL')");
}

TEST_CASE("decant --version names the Python that it embeds", "[python-host]") {
  if (no_python()) return;
  const Ran version = run_clean({python_executable(), "--version"});
  CHECK_THAT(run_clean({decant_command(), "--version"}).out,
             Contains("Python: " + version.out.substr(7)));
}

TEST_CASE("a terminal belongs to what decant run runs", "[python-host]") {
  if (no_python()) return;
  const TemporaryDirectory directory;
  const std::string app = directory.write("app.py", R"(
def application(environ, start_response):
    breakpoint()
    start_response('200 OK', [])
    return [b'served']
)");
  const std::string command = decant_command() + " run " + app + " / --as body";
  const Ran ran = run_clean({"/usr/bin/script", "-qec", command, "/dev/null"},
                            "p 'forty' + 'two'\nc\n");
  CHECK(ran.status == 0);
  CHECK_THAT(ran.out, Contains("fortytwo") && Contains("served"));
  CHECK_THAT(ran.out, !Contains("BdbQuit"));
  // A body that comes by standard input is the request's.
  const Ran piped =
      run_clean({decant_command(), "run", app, "/", "-d", "@-"}, "c\n");
  CHECK_THAT(piped.err, Contains("BdbQuit"));
}
