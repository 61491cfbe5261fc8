// SPDX-License-Identifier: MIT
// The examples that are sites, each as one binary behind four doors.
#pragma once

#include <list>
#include <map>
#include <optional>
#include <string>

#include "integration/warm_place.hpp"
#include "integration/web_server.hpp"
#include "support/nginx.hpp"

namespace decant::test {

inline const Words sites = {"guest_book", "uploads", "tasks"};

/// The one binary of a site.
std::string site_binary(const std::string& site);

/// Where the sites are reached, and what they have been given to keep.
class SiteDoor {
 public:
  /// Keeps what the sites keep in a new directory.
  explicit SiteDoor(std::string directory);

  const std::string& directory() const { return directory_; }
  std::string uploads() const { return directory_ + "/uploads"; }
  /// The variables that tell the sites where to keep it.
  Pairs variables() const;

  /// A site is at `origin`, which may have others, and `path`.
  void add(const std::string& site, const std::string& origin,
           const std::string& path);
  const std::string& origin(const std::string& site) const {
    return origins_.at(site);
  }
  std::string url(const std::string& site) const {
    return origins_.at(site) + paths_.at(site);
  }

 private:
  std::string directory_;
  std::map<std::string, std::string> origins_;
  std::map<std::string, std::string> paths_;
};

/// All servers, started once: Apache with two cgi-bins, in one of which workers
/// stay; nginx with FastCGI services; services that speak HTTP.
class SiteDoors {
 public:
  /// `page` is /page/page.html of every origin that is not warm.
  explicit SiteDoors(std::string_view page);

  const SiteDoor& cgi() const { return cgi_; }
  const SiteDoor& warm() const { return warm_; }
  const SiteDoor& fastcgi() const { return fastcgi_; }
  const SiteDoor& http() const { return http_; }

  const WarmPlace& place() const { return place_; }
  std::string warm_binary(const std::string& site) const {
    return warm_bin() + '/' + site;
  }

 private:
  std::string warm_bin() const { return place_.directory() / "warm-bin"; }
  std::string apache_configuration() const;
  const Service& start(const std::string& site, const SiteDoor& door,
                       Words words);
  void start_nginx_with_services();
  void start_http();

  WarmPlace place_;
  SiteDoor cgi_{place_.directory() / "cgi"};
  SiteDoor warm_{place_.directory() / "warm"};
  SiteDoor fastcgi_{place_.directory() / "fastcgi"};
  SiteDoor http_{place_.directory() / "http"};
  std::list<Service> services_;
  WebServer apache_;
  std::optional<Nginx> nginx_;
};

}  // namespace decant::test
