// SPDX-License-Identifier: MIT
#include "integration/web_server.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace decant::test {
namespace {

std::string load_module(const std::string& name) {
  return "LoadModule " + name + "_module /usr/lib/apache2/modules/mod_" + name +
         ".so\n";
}

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

WebServer::WebServer(const Words& words, std::uint16_t port,
                     const Pairs& variables)
    : process_({.words = words,
                .environment = variables,
                .error_file = directory_ / "errors"}),
      port_(port) {
  const std::string endpoint = "127.0.0.1:" + std::to_string(port);
  wait_until([&] { return accepts(endpoint) || !process_.running(); });
  if (!process_.running()) {
    throw std::runtime_error("test: " + words.front() +
                             " did not start; it printed " +
                             read_file(directory_ / "errors"));
  }
}

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

WebServer start_apache(const TemporaryDirectory& directory,
                       const std::vector<std::string>& modules,
                       const std::string& configuration,
                       const Pairs& variables) {
  let_all_enter(directory);
  const std::uint16_t port = free_port();
  std::string text =
      "ServerRoot " + directory.path() +
      "\nServerName localhost\nListen 127.0.0.1:" + std::to_string(port) +
      "\nUser www-data\nGroup www-data" + "\nPidFile " +
      directory / "apache.pid" + "\nDefaultRuntimeDir " + directory.path() +
      "\nMutex file:" + directory.path() + " default" + "\nErrorLog " +
      directory / "error.log" + "\nDocumentRoot " + directory.path() + "\n" +
      load_module("mpm_event") + load_module("authz_core");
  for (const std::string& module : modules) text += load_module(module);
  const std::string file = directory.write("apache.conf", text + configuration);
  return WebServer({find_tool("apache2"), "-D", "FOREGROUND", "-f", file}, port,
                   variables);
}

WebServer start_lighttpd(const TemporaryDirectory& directory,
                         const std::string& example_name,
                         const Pairs& changes) {
  let_all_enter(directory);
  const std::uint16_t port = free_port();
  Pairs words = {
      {"server.port = 8080", "server.port = " + std::to_string(port)},
      {"\"/var/www/html\"", '"' + directory.path() + '"'}};
  words.insert(words.end(), changes.begin(), changes.end());
  const std::string file =
      directory.write("lighttpd.conf", example(example_name, words));
  return WebServer({find_tool("lighttpd"), "-D", "-f", file}, port);
}

}  // namespace decant::test
