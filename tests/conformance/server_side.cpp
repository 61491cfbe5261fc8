// SPDX-License-Identifier: MIT
#include "conformance/server_side.hpp"

#include <algorithm>
#include <cstdlib>
#include <exception>

#include "decant/path.hpp"
#include "support/nginx.hpp"

namespace decant::conformance {
namespace {

std::string from_environment(const char* name, const char* fallback) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : fallback;
}

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

Response serve(const Row& row, ServerSide& server_side) {
  Request request = row.request;
  request.headers.emplace_back("Host", "conformance.test");
  request.headers.emplace_back("X-Conformance", row.application);
  const test::TemporaryDirectory directory;
  if (row.prepare) row.prepare(request, directory);
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
  return from_environment("DECANT", DECANT_COMMAND_PATH);
}

std::string plugin() {
  return "native:" +
         from_environment("CONFORMANCE_PLUGIN", CONFORMANCE_PLUGIN_PATH);
}

std::vector<Column>& columns() {
  static std::vector<Column> all = [] {
    std::vector<Column> made;
    made.emplace_back("in-process", make_in_process);
    made.emplace_back("cgi", make_cgi);
    made.emplace_back("fastcgi", make_fastcgi);
    made.emplace_back("runner", make_runner);
    made.emplace_back("http", make_http);
    made.emplace_back(
        "nginx", make_nginx,
        test::Nginx::installed() ? "" : "skipped: nginx is not installed");
    return made;
  }();
  return all;
}

Result run(const Row& row, Column& column) {
  using State = Result::State;
  if (!column.missing().empty()) {
    return {State::not_applicable, column.missing()};
  }
  const auto exception = row.not_for.find(column.name());
  if (exception != row.not_for.end()) {
    return {State::not_applicable, exception->second};
  }
  try {
    const Response response = serve(row, column.server_side());
    const Facts facts = column.server_side().facts();
    Seen seen(response, facts);
    row.check(seen);
    return {seen.complaints().empty() ? State::ok : State::failed,
            seen.complaints()};
  } catch (const std::exception& error) {
    return {State::failed, error.what()};
  }
}

}  // namespace decant::conformance
