// SPDX-License-Identifier: MIT
// What six web servers make of one request, as packaged in Debian 12:
//
//   POST /app/foo%2Fbar%20baz/../x//y;p=1/caf%C3%A9?q=1&a=b%20c
//   X_Under: one            X-Under: two          Proxy: http://evil
//   Authorization: Basic Zm9v                     X-Dup: a, and again X-Dup: b
//   Cookie: c1=1, and again Cookie: c2=2          a body of three bytes
//
// Caddy was asked for /x.app in place of /app; Apache's mod_cgid answers 404
// to a path with %2F, so its request had a plain segment there.
#pragma once

#include <array>
#include <string_view>

#include "decant/normaliser.hpp"

namespace decant::test {

struct EnvironDump {
  std::string_view server;
  normaliser::Framing framing;
  normaliser::Paths paths;
  Variables variables;
  // What the normaliser must make of it without a mount point, ...
  std::string_view script_name;
  std::string_view path_info;
  // ... and with this one.
  std::string_view mount;
  std::string_view mounted_path_info;
  std::string_view cookie;
  std::string_view authorization;
};

inline EnvironDump nginx_dump() {
  return {"nginx 1.22, fastcgi_params",
          normaliser::Framing::end_of_stream,
          normaliser::Paths::whole_in_script_name,
          {{"QUERY_STRING", "q=1&a=b%20c"},
           {"REQUEST_METHOD", "POST"},
           {"CONTENT_TYPE", "text/plain"},
           {"CONTENT_LENGTH", "3"},
           {"SCRIPT_NAME", "/app/foo/x/y;p=1/caf\xC3\xA9"},
           {"REQUEST_URI",
            "/app/foo%2Fbar%20baz/../x//y;p=1/caf%C3%A9?q=1&a=b%20c"},
           {"DOCUMENT_URI", "/app/foo/x/y;p=1/caf\xC3\xA9"},
           {"DOCUMENT_ROOT", "/srv"},
           {"SERVER_PROTOCOL", "HTTP/1.1"},
           {"REQUEST_SCHEME", "http"},
           {"GATEWAY_INTERFACE", "CGI/1.1"},
           {"SERVER_SOFTWARE", "nginx/1.22.1"},
           {"REMOTE_ADDR", "127.0.0.1"},
           {"REMOTE_PORT", "40000"},
           {"REMOTE_USER", ""},
           {"SERVER_ADDR", "127.0.0.1"},
           {"SERVER_PORT", "18080"},
           {"SERVER_NAME", "localhost"},
           {"REDIRECT_STATUS", "200"},
           {"HTTP_HOST", "localhost"},
           {"HTTP_X_UNDER", "two"},
           {"HTTP_PROXY", "http://evil"},
           {"HTTP_AUTHORIZATION", "Basic Zm9v"},
           {"HTTP_X_DUP", "a"},
           {"HTTP_X_DUP", "b"},
           {"HTTP_COOKIE", "c1=1"},
           {"HTTP_COOKIE", "c2=2"},
           {"HTTP_CONTENT_LENGTH", "3"},
           {"HTTP_CONTENT_TYPE", "text/plain"}},
          "",
          "/app/foo/x/y;p=1/caf\xC3\xA9",
          "/app",
          "/foo/x/y;p=1/caf\xC3\xA9",
          "c1=1; c2=2",
          "Basic Zm9v"};
}

inline EnvironDump apache_proxy_fcgi_dump() {
  return {"Apache 2.4, mod_proxy_fcgi",
          normaliser::Framing::end_of_stream,
          normaliser::Paths::whole_in_script_name,
          {{"HTTP_HOST", "127.0.0.1:18081"},
           {"HTTP_X_UNDER", "two"},
           {"HTTP_X_DUP", "a, b"},
           {"HTTP_COOKIE", "c1=1, c2=2"},
           {"CONTENT_LENGTH", "3"},
           {"CONTENT_TYPE", "text/plain"},
           {"SERVER_SOFTWARE", "Apache/2.4 (Debian)"},
           {"SERVER_NAME", "127.0.0.1"},
           {"SERVER_ADDR", "127.0.0.1"},
           {"SERVER_PORT", "18081"},
           {"REMOTE_ADDR", "127.0.0.1"},
           {"DOCUMENT_ROOT", "/srv"},
           {"REQUEST_SCHEME", "http"},
           {"CONTEXT_PREFIX", ""},
           {"SCRIPT_FILENAME", "proxy:fcgi://localhost/app/x/y"},
           {"REMOTE_PORT", "40000"},
           {"GATEWAY_INTERFACE", "CGI/1.1"},
           {"SERVER_PROTOCOL", "HTTP/1.1"},
           {"REQUEST_METHOD", "POST"},
           {"QUERY_STRING", "q=1&a=b%20c"},
           {"REQUEST_URI",
            "/app/foo%2Fbar%20baz/../x//y;p=1/caf%C3%A9?q=1&a=b%20c"},
           {"SCRIPT_NAME", "/app/x/y;p=1/caf\xC3\xA9"},
           {"PATH", "/usr/local/bin:/usr/bin:/bin"}},
          "",
          "/app/x/y;p=1/caf\xC3\xA9",
          "/app",
          "/x/y;p=1/caf\xC3\xA9",
          "c1=1, c2=2",
          ""};
}

inline EnvironDump apache_cgid_dump() {
  return {"Apache 2.4, mod_cgid",
          normaliser::Framing::content_length,
          normaliser::Paths::split,
          {{"HTTP_HOST", "127.0.0.1:18082"},
           {"HTTP_X_UNDER", "two"},
           {"HTTP_X_DUP", "a, b"},
           {"HTTP_COOKIE", "c1=1, c2=2"},
           {"CONTENT_LENGTH", "3"},
           {"CONTENT_TYPE", "text/plain"},
           {"PATH", "/usr/local/bin:/usr/bin:/bin"},
           {"SERVER_NAME", "127.0.0.1"},
           {"SERVER_PORT", "18082"},
           {"REMOTE_ADDR", "127.0.0.1"},
           {"REQUEST_SCHEME", "http"},
           {"SCRIPT_FILENAME", "/srv/app"},
           {"GATEWAY_INTERFACE", "CGI/1.1"},
           {"SERVER_PROTOCOL", "HTTP/1.1"},
           {"REQUEST_METHOD", "POST"},
           {"QUERY_STRING", "q=1&a=b%20c"},
           {"REQUEST_URI", "/app/foo%20baz/../x//y;p=1/caf%C3%A9?q=1&a=b%20c"},
           {"SCRIPT_NAME", "/app"},
           {"PATH_INFO", "/x/y;p=1/caf\xC3\xA9"},
           {"PATH_TRANSLATED", "/srv/x/y;p=1/caf\xC3\xA9"}},
          "/app",
          "/x/y;p=1/caf\xC3\xA9",
          "/app",
          "/x/y;p=1/caf\xC3\xA9",
          "c1=1, c2=2",
          ""};
}

inline EnvironDump lighttpd_dump() {
  return {"lighttpd 1.4.69, mod_fastcgi",
          normaliser::Framing::end_of_stream,
          normaliser::Paths::whole_in_script_name,
          {{"CONTENT_LENGTH", "3"},
           {"QUERY_STRING", "q=1&a=b%20c"},
           {"REQUEST_URI",
            "/app/foo%2Fbar%20baz/../x//y;p=1/caf%C3%A9?q=1&a=b%20c"},
           {"SCRIPT_NAME", "/app"},
           {"PATH_INFO", "/foo/x/y;p=1/caf\xC3\xA9"},
           {"SCRIPT_FILENAME", "/srv/app"},
           {"DOCUMENT_ROOT", "/srv"},
           {"REQUEST_METHOD", "POST"},
           {"SERVER_PROTOCOL", "HTTP/1.1"},
           {"SERVER_SOFTWARE", "lighttpd/1.4.69"},
           {"GATEWAY_INTERFACE", "CGI/1.1"},
           {"REQUEST_SCHEME", "http"},
           {"SERVER_PORT", "18083"},
           {"SERVER_ADDR", "127.0.0.1"},
           {"SERVER_NAME", "127.0.0.1"},
           {"REMOTE_ADDR", "127.0.0.1"},
           {"HTTP_HOST", "127.0.0.1:18083"},
           {"HTTP_X_UNDER", "one"},
           {"HTTP_X_UNDER", "two"},
           {"HTTP_AUTHORIZATION", "Basic Zm9v"},
           {"HTTP_X_DUP", "a, b"},
           {"HTTP_COOKIE", "c1=1; c2=2"},
           {"CONTENT_TYPE", "text/plain"},
           {"HTTP_CONTENT_LENGTH", "3"}},
          "/app",
          "/foo/x/y;p=1/caf\xC3\xA9",
          "/app",
          "/foo/x/y;p=1/caf\xC3\xA9",
          "c1=1; c2=2",
          "Basic Zm9v"};
}

inline EnvironDump haproxy_dump() {
  return {"HAProxy 2.6, fcgi-app",
          normaliser::Framing::end_of_stream,
          normaliser::Paths::whole_in_script_name,
          {{"SERVER_SOFTWARE", "HAProxy 2.6.12"},
           {"DOCUMENT_ROOT", "/srv"},
           {"SCRIPT_NAME", "/app"},
           {"PATH_INFO", "/foo/bar baz/../x//y;p=1/caf\xC3\xA9"},
           {"REQUEST_URI",
            "/app/foo%2Fbar%20baz/../x//y;p=1/caf%C3%A9?q=1&a=b%20c"},
           {"QUERY_STRING", "q=1&a=b%20c"},
           {"REQUEST_METHOD", "POST"},
           {"SERVER_NAME", "127.0.0.1:18085"},
           {"SERVER_PORT", "18085"},
           {"REMOTE_ADDR", "127.0.0.1"},
           {"SCRIPT_FILENAME", "/srv/app"},
           {"GATEWAY_INTERFACE", "CGI/1.1"},
           {"SERVER_PROTOCOL", "HTTP/1.1"},
           {"CONTENT_LENGTH", "3"},
           {"CONTENT_TYPE", "text/plain"},
           {"HTTP_HOST", "127.0.0.1:18085"},
           {"HTTP_X_UNDER", "two"},
           {"HTTP_X_DUP", "a"},
           {"HTTP_X_DUP", "b"},
           {"HTTP_COOKIE", "c1=1"},
           {"HTTP_COOKIE", "c2=2"}},
          "/app",
          "/foo/bar baz/../x//y;p=1/caf\xC3\xA9",
          "/app",
          "/foo/bar baz/../x//y;p=1/caf\xC3\xA9",
          "c1=1; c2=2",
          ""};
}

inline EnvironDump caddy_dump() {
  return {"Caddy 2.6, fastcgi",
          normaliser::Framing::end_of_stream,
          normaliser::Paths::whole_in_script_name,
          {{"AUTH_TYPE", ""},
           {"CONTENT_LENGTH", "3"},
           {"CONTENT_TYPE", "text/plain"},
           {"GATEWAY_INTERFACE", "CGI/1.1"},
           {"PATH_INFO", "/foo/bar baz/../x//y;p=1/caf\xC3\xA9"},
           {"QUERY_STRING", "q=1&a=b%20c"},
           {"REMOTE_ADDR", "127.0.0.1"},
           {"REMOTE_HOST", "127.0.0.1"},
           {"REMOTE_IDENT", ""},
           {"REMOTE_PORT", "40000"},
           {"REMOTE_USER", ""},
           {"REQUEST_METHOD", "POST"},
           {"REQUEST_SCHEME", "http"},
           {"SERVER_NAME", "127.0.0.1"},
           {"SERVER_PORT", "18086"},
           {"SERVER_PROTOCOL", "HTTP/1.1"},
           {"SERVER_SOFTWARE", "Caddy/2.6.2"},
           {"DOCUMENT_ROOT", "/srv"},
           {"DOCUMENT_URI", "/x.app"},
           {"HTTP_HOST", "127.0.0.1:18086"},
           {"REQUEST_URI",
            "/x.app/foo%2Fbar%20baz/../x//y;p=1/caf%C3%A9?q=1&a=b%20c"},
           {"SCRIPT_FILENAME", "/srv/x.app"},
           {"SCRIPT_NAME", "/x.app"},
           {"HTTP_X_UNDER", "one"},
           {"HTTP_PROXY", "http://evil"},
           {"HTTP_AUTHORIZATION", "Basic Zm9v"},
           {"HTTP_X_DUP", "a, b"},
           {"HTTP_COOKIE", "c1=1, c2=2"},
           {"HTTP_CONTENT_LENGTH", "3"},
           {"HTTP_CONTENT_TYPE", "text/plain"}},
          "/x.app",
          "/foo/bar baz/../x//y;p=1/caf\xC3\xA9",
          "/x.app",
          "/foo/bar baz/../x//y;p=1/caf\xC3\xA9",
          "c1=1, c2=2",
          "Basic Zm9v"};
}

inline std::array<EnvironDump, 6> environ_dumps() {
  return {nginx_dump(),    apache_proxy_fcgi_dump(), apache_cgid_dump(),
          lighttpd_dump(), haproxy_dump(),           caddy_dump()};
}

}  // namespace decant::test
