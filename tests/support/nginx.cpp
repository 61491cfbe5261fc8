// SPDX-License-Identifier: MIT
#include "support/nginx.hpp"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "support/ports.hpp"
#include "support/socket_client.hpp"

namespace decant::test {
namespace {

/// As nginx is shipped, with the REMOTE_USER of Debian's.
constexpr char params[] = R"(
fastcgi_param QUERY_STRING $query_string;
fastcgi_param REQUEST_METHOD $request_method;
fastcgi_param CONTENT_TYPE $content_type;
fastcgi_param CONTENT_LENGTH $content_length;
fastcgi_param SCRIPT_NAME $fastcgi_script_name;
fastcgi_param REQUEST_URI $request_uri;
fastcgi_param DOCUMENT_URI $document_uri;
fastcgi_param DOCUMENT_ROOT $document_root;
fastcgi_param SERVER_PROTOCOL $server_protocol;
fastcgi_param REQUEST_SCHEME $scheme;
fastcgi_param HTTPS $https if_not_empty;
fastcgi_param GATEWAY_INTERFACE CGI/1.1;
fastcgi_param SERVER_SOFTWARE nginx/$nginx_version;
fastcgi_param REMOTE_ADDR $remote_addr;
fastcgi_param REMOTE_PORT $remote_port;
fastcgi_param REMOTE_USER $remote_user;
fastcgi_param SERVER_ADDR $server_addr;
fastcgi_param SERVER_PORT $server_port;
fastcgi_param SERVER_NAME $server_name;
)";

/// Everything that nginx would put elsewhere stays in `folder`.
std::string configuration(const std::string& folder, std::uint16_t port,
                          const std::string& server, const std::string& http) {
  std::ostringstream out;
  // A worker that became somebody else could not open the service's socket.
  if (::geteuid() == 0) out << "user root;\n";
  out << "daemon off;\nworker_processes 1;\n"
      << "pid " << folder << "/pid;\n"
      << "error_log " << folder << "/error.log info;\n"
      << "events { worker_connections 256; }\n"
      << "http {\n  access_log off;\n";
  for (const char* const module :
       {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    out << "  " << module << "_temp_path " << folder << '/' << module << ";\n";
  }
  out << http << "\n  server {\n    listen 127.0.0.1:" << port << ";\n"
      << server << "\n  }\n}\n";
  return out.str();
}

}  // namespace

Nginx::Nginx(const std::string& server, const std::string& http) {
  directory_.write("fastcgi_params", params);
  // Somebody may take the port between the choice and the start.
  for (int attempt = 0; attempt < 3; ++attempt) {
    if (start(server, http)) return;
  }
  throw std::runtime_error("test: nginx does not start:\n" + log());
}

bool Nginx::start(const std::string& server, const std::string& http) {
  port_ = free_port();
  const std::string& folder = directory_.path();
  const std::string file = directory_.write(
      "nginx.conf", configuration(folder, port_, server, http));
  process_.emplace(
      Command{.words = {find_tool("nginx"), "-e", directory_ / "error.log",
                        "-p", folder, "-c", file}});
  const std::string endpoint = "127.0.0.1:" + std::to_string(port_);
  bool ready = false;
  wait_until([&] {
    ready = accepts(endpoint);
    return ready || !process_->running();
  });
  return ready && process_->running();
}

std::string Nginx::log() const {
  std::ifstream file(directory_ / "error.log");
  std::ostringstream text;
  text << file.rdbuf();
  if (process_) text << process_->err();
  return text.str();
}

}  // namespace decant::test
