// SPDX-License-Identifier: MIT
#include "conformance/server_side.hpp"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <optional>

#include "decant/path.hpp"
#include "support/nginx.hpp"

namespace decant::conformance {
namespace {

void set(Pairs& variables, const std::string& name, const std::string& value) {
  for (auto& [present, old] : variables) {
    if (present != name) continue;
    old = value;
    return;
  }
  variables.emplace_back(name, value);
}

/// RFC 3875 section 4.1.18; the type has a variable of its own, and nginx
/// sends the header as well.
void add_header(Pairs& variables, const std::string& name,
                const std::string& value) {
  std::string variable = "HTTP_";
  for (const char c : name) {
    variable += c == '-'               ? '_'
                : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A')
                                       : c;
  }
  if (variable == "HTTP_CONTENT_TYPE") set(variables, "CONTENT_TYPE", value);
  variables.emplace_back(variable, value);
}

void add_length(Pairs& variables, const Request& request) {
  if (request.chunked) {
    variables.emplace_back("HTTP_TRANSFER_ENCODING", "chunked");
  } else if (request.content_length || !request.body.empty()) {
    const std::string length =
        request.content_length.value_or(std::to_string(request.body.size()));
    variables.emplace_back("CONTENT_LENGTH", length);
    variables.emplace_back("HTTP_CONTENT_LENGTH", length);
  }
}

/// What ctest is told where a web server is not installed.
std::string missing_tool(const std::string& name) {
  return test::find_tool(name).empty()
             ? "skipped: " + name + " is not installed"
             : "";
}

/// What a kind of applications has not.
Needs lacking(Kind kind) {
  switch (kind) {
    case Kind::native:
      return {};
    case Kind::python:
      return {Need::core_streams};
    case Kind::validated:
      return {Need::core_streams, Need::unchecked};
    case Kind::program:
      break;
  }
  return {Need::resident, Need::bare_log};
}

bool is_in(const Needs& needs, Need need) {
  return std::find(needs.begin(), needs.end(), need) != needs.end();
}

/// What the row needs and the column has not, if there is something.
std::optional<Need> missing_need(const Row& row, const Column& column) {
  if (row.request.chunked && !column.has(Need::unknown_length)) {
    return Need::unknown_length;
  }
  const auto found =
      std::find_if(row.needs.begin(), row.needs.end(),
                   [&column](Need need) { return !column.has(need); });
  if (found == row.needs.end()) return std::nullopt;
  return *found;
}

Response serve(const Row& row, Column& column) {
  Request request = row.request;
  request.headers.emplace_back("Host", "conformance.test");
  request.headers.emplace_back("X-Conformance", row.application);
  for (const Message& message : row.logged) {
    request.log.push_back(message.of(column.kind()));
  }
  const test::TemporaryDirectory directory;
  if (row.prepare) row.prepare(request, directory);
  ServerSide& server_side = column.server_side();
  for (int i = 1; i < request.times; ++i) server_side.serve(request);
  return server_side.serve(request);
}

}  // namespace

Pairs cgi_variables(const Request& request) {
  const std::size_t question = request.target.find('?');
  const bool query = question != std::string::npos;
  Pairs variables = {
      {"GATEWAY_INTERFACE", "CGI/1.1"},
      {"SERVER_SOFTWARE", "conformance/1"},
      {"SERVER_NAME", "conformance.test"},
      {"SERVER_PORT", "80"},
      {"SERVER_PROTOCOL", "HTTP/1.1"},
      {"REMOTE_ADDR", "127.0.0.1"},
      {"REMOTE_USER", ""},
      {"REQUEST_METHOD", request.method},
      {"REQUEST_URI", request.target},
      {"SCRIPT_NAME", ""},
      {"PATH_INFO", percent_decoded(request.target.substr(0, question))},
      {"QUERY_STRING", query ? request.target.substr(question + 1) : ""}};
  for (const auto& [name, value] : request.headers) {
    add_header(variables, name, value);
  }
  add_length(variables, request);
  for (const auto& [name, value] : request.variables) {
    set(variables, name, value);
  }
  return variables;
}

Response parse_cgi_response(std::string_view text) {
  Response response;
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return response;
  response.body = text.substr(end + 4);
  std::string_view lines = text.substr(0, end + 2);
  while (!lines.empty()) {
    const std::size_t newline = lines.find("\r\n");
    const std::string_view line = lines.substr(0, newline);
    lines.remove_prefix(newline + 2);
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) return {};
    // Status comes first, before anything a web server might act upon.
    if (response.status.empty()) {
      if (line.substr(0, colon) != "Status") return {};
      response.status = line.substr(colon + 2);
      continue;
    }
    response.headers.emplace_back(line.substr(0, colon),
                                  line.substr(colon + 2));
  }
  return response;
}

std::string decant_command() {
  const char* const chosen = std::getenv("DECANT");
  return chosen != nullptr ? chosen : DECANT_COMMAND_PATH;
}

std::string Column::name() const {
  return kind_ == Kind::native ? side()
                               : side() + '-' + conformance::name(kind_);
}

std::string Column::missing() const {
  return way_.missing.empty() ? conformance::missing(kind_) : way_.missing;
}

bool Column::has(Need need) const {
  return !is_in(way_.lacks, need) && !is_in(lacking(kind_), need);
}

ServerSide& Column::server_side() {
  if (!server_side_) server_side_ = way_.make(kind_);
  return *server_side_;
}

std::vector<Column>& columns() {
  static std::vector<Column> all = [] {
    const Way in_process{"in-process",
                         make_in_process,
                         {Need::fresh_process, Need::own_streams}};
    const Way cgi{
        "cgi", make_cgi, {Need::repeated_variables, Need::many_requests}};
    const Way warm{
        "warm", make_warm, {Need::repeated_variables, Need::fresh_process}};
    const Way fastcgi{"fastcgi", make_fastcgi, {Need::fresh_process}};
    const Way records{
        "fcgi-records", make_fastcgi_records, {Need::fresh_process}};
    const Way runner{"runner", make_runner, {Need::many_requests}};
    const Way pipe{"http-pipe",
                   make_pipe,
                   {Need::given_variables, Need::tls, Need::many_requests,
                    Need::bytes_behind_body}};
    const Way http{"http",
                   make_http,
                   {Need::given_variables, Need::tls, Need::fresh_process,
                    Need::bytes_behind_body}};
    const Way nginx{"nginx",
                    make_nginx,
                    {Need::given_variables, Need::tls, Need::fresh_process,
                     Need::bytes_behind_body, Need::body_as_it_comes},
                    missing_tool("nginx")};
    const Way scgi{
        "scgi", make_scgi, {Need::fresh_process, Need::unknown_length}};
    const Way uwsgi{
        "uwsgi", make_uwsgi, {Need::fresh_process, Need::unknown_length}};
    Way nginx_scgi = nginx;
    nginx_scgi.name = "nginx-scgi";
    nginx_scgi.make = make_nginx_scgi;
    nginx_scgi.lacks.push_back(Need::absent_length);
    Way nginx_uwsgi = nginx;
    nginx_uwsgi.name = "nginx-uwsgi";
    nginx_uwsgi.make = make_nginx_uwsgi;
    Way apache_uwsgi = nginx_uwsgi;
    apache_uwsgi.name = "apache-proxy-uwsgi";
    apache_uwsgi.make = make_apache_uwsgi;
    for (const Need need :
         {Need::unknown_length, Need::signals_cut, Need::joined_cookies,
          Need::slash_in_path, Need::any_byte_in_path}) {
      apache_uwsgi.lacks.push_back(need);
    }
    apache_uwsgi.missing = missing_tool("apache2");
    Way lighttpd_scgi = nginx_scgi;
    lighttpd_scgi.name = "lighttpd-scgi";
    lighttpd_scgi.make = make_lighttpd_scgi;
    for (const Need need : {Need::signals_cut, Need::empty_header,
                            Need::unframed_post, Need::any_byte_in_path,
                            Need::any_byte_in_query, Need::given_reason}) {
      lighttpd_scgi.lacks.push_back(need);
    }
    lighttpd_scgi.missing = missing_tool("lighttpd");
    std::vector<Column> made;
    for (const Kind kind : {Kind::native, Kind::python, Kind::program}) {
      for (const Way& way :
           {in_process, cgi, fastcgi, records, runner, pipe, http, nginx, scgi,
            uwsgi, nginx_scgi, nginx_uwsgi, apache_uwsgi, lighttpd_scgi}) {
        made.emplace_back(way, kind);
      }
    }
    // A CGI program is served by no worker.
    made.emplace_back(warm, Kind::native);
    made.emplace_back(warm, Kind::python);
    made.emplace_back(fastcgi, Kind::validated);
    made.emplace_back(records, Kind::validated);
    return made;
  }();
  return all;
}

Result run(const Row& row, Column& column) {
  using State = Result::State;
  if (!column.missing().empty()) {
    return {State::not_applicable, column.missing()};
  }
  if (const auto need = missing_need(row, column)) {
    return {State::not_applicable, reason(*need)};
  }
  try {
    const Response response = serve(row, column);
    const Facts facts = column.server_side().facts();
    Seen seen(response, facts, column.kind());
    row.check(seen);
    return {seen.complaints().empty() ? State::ok : State::failed,
            seen.complaints()};
  } catch (const std::exception& error) {
    return {State::failed, error.what()};
  }
}

}  // namespace decant::conformance
