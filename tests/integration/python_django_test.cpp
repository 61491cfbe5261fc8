// SPDX-License-Identifier: MIT
// The Django site of examples/: behind nginx, by `decant run` and `decant cgi`.
#include <filesystem>
#include <stdexcept>

#include "integration/python_fixtures.hpp"
#include "integration/web_server.hpp"
#include "support/catch.hpp"

using namespace decant::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

bool no_django() {
  return no_python_module("django", "Django");
}

/// Runs the site's manage.py.
void manage(const std::string& site, const std::string& data,
            const Words& words, const Pairs& variables = {}) {
  Command command{.words = {python_executable(), site + "/manage.py"},
                  .environment = variables,
                  .inherit_environment = false};
  command.words.insert(command.words.end(), words.begin(), words.end());
  command.environment.insert(
      command.environment.end(),
      {{"PATH", "/usr/bin:/bin"}, {"DJANGO_DATA", data}});
  const Ran ran = run(std::move(command), 60s);
  if (ran.status != 0) throw std::runtime_error("test: manage.py: " + ran.err);
}

/// A database in which the administrator ada has the password "lovelace".
/// Making it takes longer than the tests, so they share it.
std::string django_database() {
  static const TemporaryDirectory directory;
  static const bool made = [] {
    const std::string site = copy_site(directory, "django_site");
    manage(site, directory.path(), {"migrate", "--verbosity", "0"});
    manage(site, directory.path(),
           {"createsuperuser", "--noinput", "--username", "ada", "--email",
            "ada@example.org"},
           {{"DJANGO_SUPERUSER_PASSWORD", "lovelace"}});
    return true;
  }();
  return made ? directory / "db.sqlite3" : "";
}

/// A copy of the site with data of its own, and how decant is told of it.
struct DjangoSite {
  DjangoSite()
      : words({"mysite.wsgi", "--chdir", copy_site(directory, "django_site"),
               "--env", "DJANGO_DATA=" + directory.path()}) {
    std::filesystem::copy_file(django_database(), directory / "db.sqlite3");
  }

  TemporaryDirectory directory;
  Words words;
};

struct DjangoBehindNginx : DjangoSite {
  DjangoBehindNginx()
      : service(words, "unix:" + directory / "s"),
        nginx(
            start_nginx_site(directory, "nginx-django.conf",
                             {{"/run/decant/django.sock", directory / "s"}})) {}

  Service service;
  WebServer nginx;
};

/// What is between `before` and `after`; throws when it is nowhere.
std::string between(const std::string& text, const std::string& before,
                    const std::string& after) {
  const std::size_t at = text.find(before);
  if (at == std::string::npos) {
    throw std::runtime_error("test: no " + before + " in " + text);
  }
  const std::size_t begin = at + before.size();
  return text.substr(begin, text.find(after, begin) - begin);
}

/// "name=value" of a cookie that a response sets; empty when it sets none.
std::string cookie(const HttpResponse& response, const std::string& name) {
  for (const auto& [header, value] : response.headers) {
    if (decant::equals_ignoring_case(header, "Set-Cookie") &&
        value.starts_with(name + "=")) {
      return value.substr(0, value.find(';'));
    }
  }
  return "";
}

std::string csrf_token(const HttpResponse& page) {
  return between(page.body, "name=\"csrfmiddlewaretoken\" value=\"", "\"");
}

HttpResponse log_in(const Ask& ask, const std::string& password) {
  const HttpResponse page = ask({"/admin/login/?next=/admin/"});
  CHECK(page.status == 200);
  CHECK_THAT(page.body, Contains("Django administration"));
  return ask({"/admin/login/?next=/admin/",
              "POST",
              {{"Content-Type", "application/x-www-form-urlencoded"},
               {"Cookie", cookie(page, "csrftoken")}},
              "csrfmiddlewaretoken=" + csrf_token(page) +
                  "&username=ada&password=" + password + "&next=/admin/"});
}

void check_login(const Ask& ask) {
  const HttpResponse wrong = log_in(ask, "babbage");
  CHECK(wrong.status == 200);
  CHECK_THAT(wrong.body, Contains("Please enter the correct username"));
  const HttpResponse right = log_in(ask, "lovelace");
  CHECK(right.status == 302);
  CHECK_THAT(right.header("Location"), Contains("/admin/"));
  const std::string session = cookie(right, "sessionid");
  REQUIRE(!session.empty());
  const HttpResponse admin = ask({"/admin/", "GET", {{"Cookie", session}}});
  CHECK(admin.status == 200);
  CHECK_THAT(admin.body, Contains("Site administration") && Contains("ada"));
  CHECK(ask({"/admin/"}).status == 302);
  CHECK(ask({"/admin/login/",
             "POST",
             {{"Content-Type", "application/x-www-form-urlencoded"}},
             "username=ada&password=lovelace"})
            .status == 403);
}

void check_upload_and_download(const Ask& ask) {
  const HttpResponse page = ask({"/"});
  CHECK(page.status == 200);
  const std::string content = some_content(5'000'000);
  const Form form = multipart_form({{"csrfmiddlewaretoken", csrf_token(page)}},
                                   "log.bin", content);
  const HttpResponse stored =
      ask({"/",
           "POST",
           {{"Content-Type", form.type}, {"Cookie", cookie(page, "csrftoken")}},
           form.body});
  CHECK(stored.status == 302);
  const std::string location = stored.header("Location");
  CHECK_THAT(location, StartsWith("/files/log"));
  const HttpResponse file = ask({location});
  CHECK(file.status == 200);
  CHECK(file.header("Content-Length") == std::to_string(content.size()));
  CHECK(file.complete);
  CHECK((file.body == content));  // not to be printed
  CHECK(ask({"/files/missing"}).status == 404);
}

void check_static_file(const Ask& ask) {
  const std::string file = read_file(
      "/usr/lib/python3/dist-packages/django/contrib/admin/static/admin/css/"
      "base.css");
  const HttpResponse response = ask({"/static/admin/css/base.css"});
  CHECK(response.status == 200);
  CHECK(response.complete);
  CHECK(!file.empty());
  CHECK((response.body == file));
}

void check_stream(const Ask& ask) {
  const HttpResponse response = ask({"/countdown/3"});
  CHECK(response.status == 200);
  CHECK(response.header("Content-Type") == "text/plain");
  CHECK(response.complete);
  CHECK(response.body == "3\n2\n1\n");
}

void check_site(const Ask& ask) {
  check_login(ask);
  check_upload_and_download(ask);
  check_static_file(ask);
  check_stream(ask);
}

}  // namespace

TEST_CASE("a Django site behind nginx: admin, upload, files, stream",
          "[django-nginx]") {
  if (no_django() || missing("nginx", "nginx-light")) return;
  const DjangoBehindNginx site;
  check_site(ask_http(site.nginx.port()));
  CHECK_THAT(site.service.log(), !Contains("Traceback"));
}

TEST_CASE("a Django site behind nginx sends its static files by itself too",
          "[django-nginx]") {
  if (no_django() || missing("nginx", "nginx-light")) return;
  const DjangoSite site;
  const Service service(site.words, "unix:" + site.directory / "s");
  // nginx.conf passes every path.
  const WebServer nginx = start_nginx(site.directory, service.endpoint());
  check_static_file(ask_http(nginx.port()));
}

TEST_CASE("a Django site by decant run", "[django]") {
  if (no_django()) return;
  const DjangoSite site;
  check_site(ask_run(site.words));
}

TEST_CASE("a Django site by decant cgi", "[django]") {
  if (no_django()) return;
  const DjangoSite site;
  check_site(ask_cgi(site.words));
}

TEST_CASE("a Django site is found by its callable, its file and its module",
          "[django]") {
  if (no_django()) return;
  const DjangoSite site;
  const std::string app =
      GENERATE(as<std::string>(), "mysite.wsgi", "mysite.wsgi:application",
               "python:mysite.wsgi", "django.core.wsgi:get_wsgi_application()");
  CAPTURE(app);
  Words words = site.words;
  words.front() = app;
  words.insert(words.end(),
               {"--env", "DJANGO_SETTINGS_MODULE=mysite.settings"});
  check_stream(ask_run(words));
}
