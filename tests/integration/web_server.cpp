// SPDX-License-Identifier: MIT
#include "integration/web_server.hpp"

namespace decant::test {
namespace {

/// The beginning of nginx's http block, with its files in `directory`.
std::string http_block(const TemporaryDirectory& directory) {
  std::string text = "http {\n";
  for (const std::string name :
       {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    text += name + "_temp_path " + directory / name + ";\n";
  }
  return text;
}

WebServer run_nginx(const TemporaryDirectory& directory,
                    const std::string& configuration, std::uint16_t port) {
  const std::string file = directory.write("nginx.conf", configuration);
  return WebServer(
      {find_tool("nginx"), "-e", "stderr", "-c", file, "-g", "daemon off;"},
      port);
}

}  // namespace

WebServer start_nginx(const TemporaryDirectory& directory,
                      const std::string& endpoint, const Pairs& changes,
                      const std::string& example_name) {
  let_all_enter(directory);
  const std::uint16_t port = free_port();
  Pairs words = {{"server unix:/run/decant/hello.sock", "server " + endpoint},
                 {"127.0.0.1:8080", "127.0.0.1:" + std::to_string(port)},
                 {"/run/nginx.pid", directory / "nginx.pid"},
                 {"/var/log/nginx", directory.path()},
                 {"http {\n", http_block(directory)}};
  words.insert(words.end(), changes.begin(), changes.end());
  return run_nginx(directory, example(example_name, words), port);
}

WebServer start_nginx_site(const TemporaryDirectory& directory,
                           const std::string& example_name,
                           const Pairs& changes) {
  let_all_enter(directory);
  const std::uint16_t port = free_port();
  Pairs words = {{"127.0.0.1:8080", "127.0.0.1:" + std::to_string(port)}};
  words.insert(words.end(), changes.begin(), changes.end());
  // What Debian's nginx.conf has around the files of sites-enabled.
  return run_nginx(directory,
                   "user www-data;\npid " + directory / "nginx.pid" +
                       ";\nevents {}\n" + http_block(directory) +
                       "include /etc/nginx/mime.types;\naccess_log off;\n" +
                       example(example_name, words) + "}\n",
                   port);
}

WebServer start_lighttpd(const TemporaryDirectory& directory,
                         const std::string& example_name,
                         const Pairs& changes) {
  Pairs words = {{"server.port = 8080", "server.port = PORT"},
                 {"\"/var/www/html\"", '"' + directory.path() + '"'}};
  words.insert(words.end(), changes.begin(), changes.end());
  return start_lighttpd_with(directory, example(example_name, words));
}

}  // namespace decant::test
