// SPDX-License-Identifier: MIT
#include "decant/command/help.hpp"

#include <CLI/Version.hpp>
#include <algorithm>
#include <array>

#include "decant/command/nearest.hpp"

#ifndef DECANT_PYTHON_VERSION
#define DECANT_PYTHON_VERSION "not built in"
#endif

namespace decant::command {
namespace {

struct SideText {
  Side side;
  const char* word;
  const char* description;
  const char* examples;  // PROGRAM and APP are put in
};

constexpr std::array<SideText, 7> sides = {{
    {Side::cgi, "cgi",
     "Answer one CGI request: variables from the environment, body from "
     "standard input, response on standard output.",
     "Examples:\n"
     "  REQUEST_METHOD=GET PATH_INFO=/x PROGRAM cgiAPP\n"
     "  in cgi-bin, as an executable script:\n"
     "    #!/bin/sh\n"
     "    exec PROGRAM cgiAPP\n"},
    {Side::fcgi, "fcgi",
     "Serve FastCGI until TERM: a responder for nginx, Apache, lighttpd.",
     "Examples:\n"
     "  PROGRAM fcgiAPP --listen unix:/run/app.sock --mode 0660\n"
     "  PROGRAM fcgiAPP --listen 127.0.0.1:9000 --threads 8\n"
     "  spawn-fcgi -s /run/app.sock -n -- PROGRAM fcgiAPP\n"
     "nginx:\n"
     "  location / { include fastcgi_params;\n"
     "               fastcgi_pass unix:/run/app.sock; }\n"},
    {Side::http, "http",
     "Serve HTTP until TERM: on 127.0.0.1:8000, or on 0.0.0.0:$PORT where "
     "PORT is set.",
     "Examples:\n"
     "  PROGRAM httpAPP\n"
     "  PROGRAM httpAPP --listen 0.0.0.0:8080 --processes 4\n"
     "  PROGRAM httpAPP --listen unix:/run/app.sock --forwarded-allow unix\n"
     "nginx:\n"
     "  location / { proxy_pass http://unix:/run/app.sock;\n"
     "               proxy_set_header Host $host;\n"
     "               proxy_set_header X-Forwarded-For $remote_addr;\n"
     "               proxy_set_header X-Forwarded-Proto $scheme; }\n"},
    {Side::scgi, "scgi",
     "Serve SCGI until TERM: behind nginx, Apache or lighttpd.",
     "Examples:\n"
     "  PROGRAM scgiAPP --listen unix:/run/app.sock --mode 0660\n"
     "nginx:\n"
     "  location / { include scgi_params;\n"
     "               scgi_pass unix:/run/app.sock; }\n"},
    {Side::uwsgi, "uwsgi",
     "Serve uwsgi, the protocol, until TERM: behind nginx or Apache.",
     "Examples:\n"
     "  PROGRAM uwsgiAPP --listen unix:/run/app.sock --mode 0660\n"
     "nginx:\n"
     "  location / { include uwsgi_params;\n"
     "               uwsgi_pass unix:/run/app.sock; }\n"},
    {Side::run, "run",
     "Run one request from the shell, or many through a pipe.",
     "Examples:\n"
     "  PROGRAM runAPP '/path?q=1'\n"
     "  PROGRAM runAPP /form -d name=value -H 'Accept: text/plain'\n"
     "  PROGRAM runAPP /upload -d @photo.jpg --as body\n"
     "  printf 'GET / HTTP/1.0\\r\\n\\r\\n' | PROGRAM runAPP --http\n"},
    {Side::wrap, "wrap",
     "Serve any CGI program that the web server names, with fcgiwrap's "
     "options.",
     "Examples:\n"
     "  PROGRAM wrap -c 4 -f -s unix:/run/fcgiwrap.sock\n"
     "  PROGRAM wrap -p /usr/lib/cgit/cgit.cgi -s unix:/run/cgit.sock\n"
     "nginx:\n"
     "  location /cgi-bin/ {\n"
     "    include fastcgi_params;\n"
     "    fastcgi_param SCRIPT_FILENAME /usr/lib$fastcgi_script_name;\n"
     "    fastcgi_pass unix:/run/fcgiwrap.sock; }\n"},
}};

const SideText& text_of(Side side) {
  return *std::find_if(sides.begin(), sides.end(),
                       [side](const SideText& t) { return t.side == side; });
}

std::string filled_in(std::string text, const Program& program) {
  const auto replace = [&text](std::string_view what, const std::string& by) {
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + by.size())) {
      text.replace(at, what.size(), by);
    }
  };
  replace("PROGRAM", program.name);
  replace("APP", program.takes_app ? " ./hello.so" : "");
  return text;
}

}  // namespace

std::string_view word_of(Side side) {
  return text_of(side).word;
}

std::string_view description_of(Side side) {
  return text_of(side).description;
}

std::string examples_of(Side side, const Program& program) {
  return filled_in(text_of(side).examples, program);
}

std::optional<Side> take_side(const Program& program,
                              std::vector<std::string>& words) {
  if (words.empty()) return std::nullopt;
  for (const SideText& text : sides) {
    if (words.front() != text.word) continue;
    if (text.side == Side::wrap && !program.takes_app) continue;
    words.erase(words.begin());
    return text.side;
  }
  return std::nullopt;
}

std::string meant_side(const Program& program, const std::string& word) {
  std::vector<std::string> words = {"status"};
  for (const SideText& text : sides) {
    if (text.side != Side::wrap || program.takes_app)
      words.push_back(text.word);
  }
  return nearest(word, words);
}

std::string overview(const Program& program) {
  std::string out =
      "decant runs an application written against the WSGI "
      "contract behind any web server.\n\nUsage:\n";
  const std::string app = program.takes_app ? " APP" : "";
  for (const SideText& text : sides) {
    if (text.side == Side::wrap && !program.takes_app) continue;
    out += "  " + program.name + ' ' + text.word +
           (text.side == Side::wrap ? "" : app) +
           (text.side == Side::run ? " [TARGET]" : "") + " [OPTIONS]\n      " +
           text.description + '\n';
  }
  out += "  " + program.name +
         " status ENDPOINT [--watch] [--json]\n      Show what a running "
         "service does.\n";
  out += "  " + program.name + app +
         " [OPTIONS]\n      Choose: fcgi when standard input is a listening "
         "socket, cgi when\n      REQUEST_METHOD or GATEWAY_INTERFACE is set, "
         "else run.\n\n";
  if (program.takes_app) {
    out +=
        "APP is [KIND:]REST:\n"
        "  [native:]./hello.so[:SYMBOL]       a C++ plugin\n"
        "  [python:]./app.py[:CALLABLE]       a Python file\n"
        "  [python:]package.module:CALLABLE   a Python module\n"
        "  [program:]./script.cgi             a CGI program\n"
        "  [program:]./cgi-bin/               all of a directory\n"
        "Without APP, decant takes it from the variable DECANT_APP.\n\n";
  }
  return out + "Options of each: " + program.name +
         (program.takes_app ? " cgi|fcgi|http|scgi|uwsgi|run|wrap|status"
                            : " cgi|fcgi|http|scgi|uwsgi|run|status") +
         " --help\nVersions: " + program.name + " --version\n";
}

std::string version() {
  return "decant " DECANT_VERSION
         "\nengines: records, libfcgi " DECANT_LIBFCGI_VERSION
         "\nCLI11 " CLI11_VERSION ", Boost " DECANT_BOOST_VERSION
         "\nPython: " DECANT_PYTHON_VERSION;
}

}  // namespace decant::command
