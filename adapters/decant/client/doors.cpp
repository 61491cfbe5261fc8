// SPDX-License-Identifier: MIT
// The doors that web::Client goes through, by name. The client knows no
// protocol, and stands in the core; this is the place that knows both.
#include <stdexcept>

#include "decant/client/cgi.hpp"
#include "decant/client/service.hpp"
#include "decant/client/wire.hpp"
#include "decant/server/fastcgi.hpp"
#include "decant/server/http.hpp"
#include "decant/server/scgi.hpp"
#include "decant/server/uwsgi.hpp"
#include "decant/text.hpp"
#include "decant/web/client.hpp"

namespace decant {
namespace {

using client::Spoken;

service::Door http_door(std::string endpoint, bool secure) {
  http::DoorOptions options;
  if (secure) options.forwarded_allow = {"127.0.0.1"};
  return http::on(std::move(endpoint), options);
}

std::shared_ptr<web::Transport> make_transport(std::string_view door,
                                               const Application& application,
                                               std::chrono::seconds timeout) {
  if (door == "gateway") return web::through_gateway(application);
  if (door == "cgi") return client::through_cgi(application, timeout);
  struct Row {
    std::string_view name;
    Spoken spoken;
  };
  const Row services[] = {
      {"fcgi",
       {[](std::string endpoint, bool) {
          return fastcgi::on(std::move(endpoint));
        },
        client::fastcgi_request, client::read_fastcgi}},
      {"http", {http_door, client::http_request, client::read_http, true}},
      {"scgi",
       {[](std::string endpoint, bool) {
          return scgi::on(std::move(endpoint));
        },
        client::scgi_request, client::read_cgi}},
      {"uwsgi",
       {[](std::string endpoint, bool) {
          return uwsgi::on(std::move(endpoint));
        },
        client::uwsgi_request, client::read_cgi}}};
  for (const auto& [name, spoken] : services) {
    if (name == door) {
      return client::through_service(application, spoken, timeout);
    }
  }
  throw std::invalid_argument(
      "client: " + quoted(door) +
      " is no door; give cgi, fcgi, http, scgi, uwsgi or gateway");
}

}  // namespace

web::Client& web::Client::through(std::string_view door) {
  return through(make_transport(door, application_, options_.timeout));
}

}  // namespace decant
