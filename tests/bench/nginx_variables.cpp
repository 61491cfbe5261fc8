// SPDX-License-Identifier: MIT
#include "nginx_variables.hpp"

namespace bench {

std::array<std::pair<std::string_view, std::string>, 25> nginx_variables(
    const RequestText& request) {
  const std::string question = request.query.empty() ? "" : "?";
  return {{
      {"QUERY_STRING", request.query},
      {"REQUEST_METHOD", request.method},
      {"CONTENT_TYPE", ""},
      {"CONTENT_LENGTH", request.length},
      {"SCRIPT_NAME", ""},
      {"PATH_INFO", request.path},
      {"REQUEST_URI", request.path + question + request.query},
      {"DOCUMENT_URI", request.path},
      {"DOCUMENT_ROOT", "/var/www/html"},
      {"SERVER_PROTOCOL", "HTTP/1.1"},
      {"REQUEST_SCHEME", "http"},
      {"GATEWAY_INTERFACE", "CGI/1.1"},
      {"SERVER_SOFTWARE", "nginx/1.22.1"},
      {"REMOTE_ADDR", "127.0.0.1"},
      {"REMOTE_PORT", request.port},
      {"SERVER_ADDR", "127.0.0.1"},
      {"SERVER_PORT", "8080"},
      {"SERVER_NAME", "localhost"},
      {"REDIRECT_STATUS", "200"},
      {"HTTP_HOST", "localhost:8080"},
      {"HTTP_USER_AGENT",
       "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128"},
      {"HTTP_ACCEPT", "text/html,application/xhtml+xml,*/*;q=0.8"},
      {"HTTP_ACCEPT_LANGUAGE", "en-US,en;q=0.5"},
      {"HTTP_ACCEPT_ENCODING", "gzip, deflate, br"},
      {"HTTP_COOKIE", request.cookie},
  }};
}

}  // namespace bench
