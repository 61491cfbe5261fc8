// SPDX-License-Identifier: MIT
// Warm CGI behind real web servers, with the files of examples/: a Django site
// and a Flask file in cgi-bin, of which one process answers request after
// request.
#include <filesystem>
#include <fstream>

#include "integration/python_fixtures.hpp"
#include "integration/service_fixtures.hpp"
#include "integration/warm_place.hpp"
#include "integration/web_server.hpp"
#include "support/catch.hpp"

namespace fs = std::filesystem;
using namespace decant::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

/// With decant as it is installed: the program in front, and the command and
/// its module where it looks for them.
class WarmDecant : public WarmPlace {
 public:
  WarmDecant() : program_(directory() / "bin/decant") {
    const fs::path library = directory() / DECANT_TEST_LIBRARY_FOLDER "/decant";
    fs::create_directory(directory() / "bin");
    fs::create_directories(library);
    fs::copy_file(DECANT_FRONT, program_);
    fs::copy_file(decant_command(), library / "decant");
    fs::copy_file(python_module_file(),
                  library / fs::path(python_module_file()).filename());
  }

  const std::string& program() const { return program_; }

  /// Puts an executable file into cgi-bin; gives its path.
  std::string add(const std::string& name, const std::string& text) const {
    const std::string file = directory().write("cgi-bin/" + name, text);
    fs::permissions(file, fs::perms(0755));
    return file;
  }

  pid_t worker(const std::string& app) const {
    return WarmPlace::worker(words(app));
  }
  std::string status(const std::string& app) const {
    return WarmPlace::status(words(app));
  }
  void stop(const std::string& app) const {
    WarmPlace::stop(words(app));
    CHECK(is_left_clean());
  }

 private:
  Words words(const std::string& app) const { return {program_, "cgi", app}; }

  std::string program_;
};

/// Both sites in the cgi-bin of a web server.
class WarmSites : public WarmDecant {
 public:
  WarmSites()
      : flask_(add(
            "visits.py",
            example("warm/visits.py", {{"/usr/local/bin/decant", program()}}))),
        django_(add("django_site.py",
                    example("warm/django_site.py",
                            {{"/usr/local/bin/decant", program()},
                             {"/srv/django_site",
                              copy_site(directory(), "django_site")},
                             {"/var/lib/django_site", directory().path()}}))) {}

  const std::string& flask() const { return flask_; }
  const std::string& django() const { return django_; }

 private:
  std::string flask_;
  std::string django_;
};

/// With the module that runs programs: cgid, or cgi.
WebServer start_apache_warm(const WarmDecant& place,
                            const std::string& module) {
  return start_apache(
      place.directory(), {"alias", "env", module},
      (module == "cgid" ? "ScriptSock " + place.directory() / "cgid.sock" + "\n"
                        : "") +
          example("apache-warm.conf",
                  {{"/usr/lib/cgi-bin", place.cgi_bin()},
                   {"/run/decant-www", place.run_directory()}}));
}

WebServer start_lighttpd_warm(const WarmDecant& place) {
  return start_lighttpd(place.directory(), "lighttpd-warm.conf",
                        {{"/usr/lib/cgi-bin", place.cgi_bin()},
                         {"/run/decant-www", place.run_directory()}});
}

/// Asks until there is a worker other than `last`, which is then found by the
/// next request.
pid_t await_worker(const WarmDecant& place, const std::string& app,
                   const Ask& ask, const std::string& target, pid_t last = 0) {
  pid_t pid = 0;
  const bool came = wait_until([&] {
    CHECK(ask({target, "GET", {{"Cookie", "of=somebody"}}}).status == 200);
    pid = place.worker(app);
    return pid != 0 && pid != last;
  });
  REQUIRE(came);
  return pid;
}

std::string visit(int number, pid_t pid) {
  return "visit " + std::to_string(number) + " to process " +
         std::to_string(pid) + "\n";
}

/// The worker's visits so far, by the next one; it must be that of `pid`.
int next_visit(const Ask& ask, pid_t pid) {
  const HttpResponse response = ask({"/cgi-bin/visits.py/"});
  CHECK(response.status == 200);
  REQUIRE_THAT(response.body, StartsWith("visit "));
  const int number =
      std::stoi(response.body.substr(std::string("visit ").size()));
  CHECK(response.body == visit(number, pid));
  return number;
}

void check_flask(const WarmSites& sites, const Ask& ask) {
  const std::string target = "/cgi-bin/visits.py/";
  const pid_t pid = await_worker(sites, sites.flask(), ask, target);
  const int first = next_visit(ask, pid);
  for (int i = 1; i <= 3; ++i) CHECK(next_visit(ask, pid) == first + i);
  CHECK(sites.worker(sites.flask()) == pid);

  // Of whoever was the first it keeps nothing, not even for who looks at the
  // process.
  const std::string environment =
      read_file("/proc/" + std::to_string(pid) + "/environ");
  CHECK_THAT(environment,
             Contains("SERVER_SOFTWARE=") && !Contains("somebody"));

  // Its file changes: what comes next is new, and nothing of the old is left.
  std::ofstream(sites.flask(), std::ios::app)
      << "\n\n@app.get(\"/new\")\ndef new():\n    return \"new\\n\"\n";
  CHECK(wait_until([&] {
    const HttpResponse response = ask({target + "new"});
    CHECK((response.status == 200 || response.status == 404));
    return response.body == "new\n";
  }));
  const pid_t next = await_worker(sites, sites.flask(), ask, target, pid);
  CHECK(wait_until([&] { return !is_alive(pid); }));
  const int later = next_visit(ask, next);
  CHECK(next_visit(ask, next) == later + 1);
  sites.stop(sites.flask());
}

void check_django(const WarmSites& sites, const Ask& ask) {
  const std::string target = "/cgi-bin/django_site.py/countdown/3";
  const pid_t pid = await_worker(sites, sites.django(), ask, target);
  for (int i = 0; i < 3; ++i) {
    const HttpResponse lines = ask({target});
    CHECK(lines.status == 200);
    CHECK(lines.complete);
    CHECK(lines.body == "3\n2\n1\n");
    const HttpResponse page = ask({"/cgi-bin/django_site.py/"});
    CHECK(page.status == 200);
    CHECK_THAT(page.body, Contains("Django behind decant"));
  }
  CHECK(sites.worker(sites.django()) == pid);
  CHECK_THAT(sites.status(sites.django()),
             Contains(", 6 requests in ") || Contains(", 7 requests in "));
  sites.stop(sites.django());
}

/// `check` behind Apache's two modules for CGI and behind lighttpd.
void check_everywhere(void (*check)(const WarmSites&, const Ask&)) {
  if (missing("apache2", "apache2") || missing("lighttpd", "lighttpd")) return;
  const std::string module = GENERATE(as<std::string>(), "cgid", "cgi", "");
  CAPTURE(module);
  const WarmSites sites;
  const WebServer server = module.empty() ? start_lighttpd_warm(sites)
                                          : start_apache_warm(sites, module);
  check(sites, ask_http(server.port()));
}

}  // namespace

TEST_CASE("a Flask file is warm in the cgi-bin of Apache and lighttpd",
          "[warm-web]") {
  if (!no_python_module("flask", "Flask")) check_everywhere(check_flask);
}

TEST_CASE("a Django site is warm in the cgi-bin of Apache and lighttpd",
          "[warm-web]") {
  if (!no_python_module("django", "Django")) check_everywhere(check_django);
}

TEST_CASE("a worker is found whatever --chdir and --env have changed",
          "[warm-web]") {
  if (no_python_module("django", "Django") || missing("lighttpd", "lighttpd")) {
    return;
  }
  const WarmDecant place;
  copy_site(place.directory(), "django_site");
  // The directory is relative to that of the script, where web servers start
  // it; TZ is one of those that tell a worker from another.
  place.add("site", "#!/bin/sh\nexec " + place.program() +
                        " cgi mysite.wsgi --warm=60 --chdir ../django_site"
                        " --env TZ=UTC\n");
  const WebServer lighttpd = start_lighttpd_warm(place);
  const Ask ask = ask_http(lighttpd.port());
  const std::string target = "/cgi-bin/site/countdown/2";
  const pid_t pid = await_worker(place, "mysite.wsgi", ask, target);
  for (int i = 0; i < 3; ++i) CHECK(ask({target}).body == "2\n1\n");
  CHECK(place.worker("mysite.wsgi") == pid);
  CHECK_THAT(place.status("mysite.wsgi"),
             Contains(", 3 requests in ") || Contains(", 4 requests in "));
  place.stop("mysite.wsgi");
}

TEST_CASE("DECANT_WARM makes the programs of a web server warm, or none",
          "[warm-web]") {
  if (no_python_module("flask", "Flask") || missing("lighttpd", "lighttpd")) {
    return;
  }
  const bool on = GENERATE(true, false);
  CAPTURE(on);
  const WarmDecant place;
  const std::string flask =
      place.add("visits.py",
                example("warm/visits.py",
                        {{"/usr/local/bin/decant --warm", place.program()}}));
  const WebServer lighttpd =
      start_lighttpd(place.directory(), "lighttpd-warm.conf",
                     {{"/usr/lib/cgi-bin", place.cgi_bin()},
                      {"\"/run/decant-www\"", '"' + place.run_directory() +
                                                  "\", \"DECANT_WARM\" => \"" +
                                                  (on ? "60" : "0") + '"'}});
  const Ask ask = ask_http(lighttpd.port());
  if (on) {
    const pid_t pid = await_worker(place, flask, ask, "/cgi-bin/visits.py/");
    const int first = next_visit(ask, pid);
    CHECK(next_visit(ask, pid) == first + 1);
    place.stop(flask);
  } else {
    for (int i = 0; i < 3; ++i) {
      CHECK_THAT(ask({"/cgi-bin/visits.py/"}).body, StartsWith("visit 1 to "));
    }
    CHECK(place.worker(flask) == 0);
  }
}

TEST_CASE("--warm is harmless where Apache's mod_fcgid starts the file",
          "[warm-web]") {
  if (no_python_module("flask", "Flask") || missing("apache2", "apache2") ||
      missing_file("/usr/lib/apache2/modules/mod_fcgid.so",
                   "libapache2-mod-fcgid")) {
    return;
  }
  const WarmDecant place;
  const std::string flask = place.add(
      "visits.py",
      example("warm/visits.py", {{"/usr/local/bin/decant", place.program()}}));
  const TemporaryDirectory& directory = place.directory();
  const WebServer apache = start_apache(
      directory, {"alias", "fcgid"},
      "FcgidIPCDir " + directory / "ipc" + "\nFcgidProcessTableFile " +
          directory / "table" + "\nFcgidInitialEnv XDG_RUNTIME_DIR " +
          place.run_directory() + "\n" +
          example("apache-fcgi.conf", {{"/usr/lib/fcgi-bin", place.cgi_bin()},
                                       {"/usr/lib/decant/hello", flask}}));
  const Ask ask = ask_http(apache.port());
  for (int i = 1; i <= 3; ++i) {
    CAPTURE(i, read_file(directory / "error.log"));
    CHECK_THAT(ask({"/fcgi-bin/visits.py/"}).body,
               StartsWith("visit " + std::to_string(i) + " to process "));
  }
  CHECK(place.worker(flask) == 0);
}
