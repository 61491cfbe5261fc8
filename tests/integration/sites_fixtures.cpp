// SPDX-License-Identifier: MIT
#include "integration/sites_fixtures.hpp"

#include <filesystem>

namespace fs = std::filesystem;

namespace decant::test {
namespace {

std::string origin_of(std::uint16_t port) {
  return "http://127.0.0.1:" + std::to_string(port);
}

std::string set_env(const std::string& folder, const Pairs& variables) {
  std::string text = "<Directory " + folder + ">\n";
  for (const auto& [name, value] : variables) {
    text += "SetEnv " + name + ' ' + value + '\n';
  }
  return text + "</Directory>\n";
}

}  // namespace

std::string site_binary(const std::string& site) {
  return DECANT_EXAMPLES "/" + site;
}

SiteDoor::SiteDoor(std::string directory) : directory_(std::move(directory)) {
  for (const std::string& folder : {directory_, uploads()}) {
    fs::create_directory(folder);
    fs::permissions(folder, fs::perms::all);  // for the web server's user
  }
}

Pairs SiteDoor::variables() const {
  return {{"GUEST_BOOK", directory_ + "/book"},
          {"UPLOADS", uploads()},
          {"TASKS", directory_ + "/tasks"}};
}

void SiteDoor::add(const std::string& site, const std::string& origin,
                   const std::string& path) {
  origins_[site] = origin;
  paths_[site] = path;
}

SiteDoors::SiteDoors(std::string_view page)
    : apache_(start_apache(place_.directory(), {"alias", "env", "cgid"},
                           apache_configuration())) {
  fs::create_directory(place_.directory() / "page");
  place_.directory().write("page/page.html", page);
  fs::create_directory(warm_bin());
  const std::string origin = origin_of(apache_.port());
  for (const std::string& site : sites) {
    fs::copy_file(site_binary(site), place_.cgi_bin() + '/' + site);
    fs::copy_file(site_binary(site), warm_binary(site));
    cgi_.add(site, origin, "/cgi-bin/" + site + '/');
    warm_.add(site, origin, "/warm-bin/" + site + '/');
  }
  start_nginx_with_services();
  start_http();
}

std::string SiteDoors::apache_configuration() const {
  const std::string page = place_.directory() / "page";
  Pairs warm_variables = warm_.variables();
  warm_variables.emplace_back("DECANT_WARM", "60");
  return "ScriptSock " + place_.directory() / "cgid.sock" + "\nAlias /page/ " +
         page + "/\n<Directory " + page +
         ">\nForceType text/html\nRequire all granted\n</Directory>\n" +
         example("apache-cgi.conf", {{"/usr/lib/cgi-bin", place_.cgi_bin()}}) +
         example("apache-warm.conf",
                 {{"/usr/lib/cgi-bin", warm_bin()},
                  {"ScriptAlias /cgi-bin/", "ScriptAlias /warm-bin/"},
                  {"/run/decant-www", place_.run_directory()}}) +
         set_env(place_.cgi_bin(), cgi_.variables()) +
         set_env(warm_bin(), warm_variables);
}

const Service& SiteDoors::start(const std::string& site, const SiteDoor& door,
                                Words words) {
  words.insert(words.begin(), site_binary(site));
  words.insert(words.end(), {"--processes", "0"});
  return services_.emplace_back(
      Command{.words = words, .environment = door.variables()});
}

void SiteDoors::start_nginx_with_services() {
  std::string locations = "client_max_body_size 0;\nlocation /page/ { root " +
                          place_.directory().path() +
                          "; default_type text/html; }\n";
  for (const std::string& site : sites) {
    const std::string endpoint =
        "unix:" + fastcgi_.directory() + '/' + site + ".s";
    start(site, fastcgi_,
          {"fcgi", "--script-name", '/' + site, "--listen", endpoint});
    locations += "location /" + site +
                 "/ { include fastcgi_params; fastcgi_pass " + endpoint +
                 "; }\n";
  }
  nginx_.emplace(locations);
  for (const std::string& site : sites) {
    fastcgi_.add(site, origin_of(nginx_->port()), '/' + site + '/');
  }
}

void SiteDoors::start_http() {
  for (const std::string& site : sites) {
    const Service& service =
        start(site, http_,
              {"http", "--listen", "127.0.0.1:0", "--static",
               "/page=" + place_.directory() / "page"});
    http_.add(site, "http://" + service.endpoint(), "/");
  }
}

}  // namespace decant::test
