// SPDX-License-Identifier: MIT
#include "support/web_server.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "support/ports.hpp"
#include "support/socket_client.hpp"

namespace decant::test {
namespace {

std::string load_module(const std::string& name) {
  return "LoadModule " + name + "_module /usr/lib/apache2/modules/mod_" + name +
         ".so\n";
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

WebServer start_lighttpd_with(const TemporaryDirectory& directory,
                              std::string configuration) {
  let_all_enter(directory);
  const std::uint16_t port = free_port();
  configuration.replace(configuration.find("PORT"), 4, std::to_string(port));
  const std::string file = directory.write("lighttpd.conf", configuration);
  return WebServer({find_tool("lighttpd"), "-D", "-f", file}, port);
}

void let_all_enter(const TemporaryDirectory& directory) {
  std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace decant::test
