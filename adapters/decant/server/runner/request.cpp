// SPDX-License-Identifier: MIT
#include "decant/server/runner/request.hpp"

#include <algorithm>
#include <string>

#include "decant/error.hpp"
#include "decant/headers.hpp"
#include "decant/text.hpp"

namespace decant::runner {
namespace {

void add_header(cgi_variables::RequestVariables& variables,
                const std::string& header) {
  const std::size_t colon = header.find(':');
  const std::string_view all = header;
  const std::string_view name = all.substr(0, colon);
  std::string_view value =
      colon == std::string::npos ? "" : all.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  if (colon == std::string::npos || !is_token(name) || !is_field_value(value)) {
    throw UsageError("run: -H: " + quoted(header) +
                     " is no header; give 'Name: value'");
  }
  variables.add_header(name, value);
}

}  // namespace

cgi_variables::RequestVariables make_variables(const Request& request) {
  const std::string method = !request.method.empty() ? request.method
                             : request.data          ? "POST"
                                                     : "GET";
  if (!is_token(method)) {
    throw UsageError("run: -X: " + quoted(method) +
                     " is no method; give a word, as PUT");
  }
  const auto target = cgi_variables::Target::parse(method, request.target);
  if (!target) {
    throw UsageError("run: " + quoted(request.target) +
                     " is no request target; give a path, as /, or a URL, as "
                     "http://localhost/");
  }
  cgi_variables::RequestVariables variables(method, *target, "HTTP/1.1",
                                            "127.0.0.1");
  for (const std::string& header : request.headers) {
    add_header(variables, header);
  }
  variables.add_host(target->authority);  // -H Host goes first, as with curl
  return variables;
}

void add_data(cgi_variables::RequestVariables& variables, std::uint64_t size) {
  if (!variables.contains("CONTENT_LENGTH")) {
    variables.add("CONTENT_LENGTH", std::to_string(size));
  }
  if (!variables.contains("CONTENT_TYPE")) {  // as curl -d
    variables.add("CONTENT_TYPE", "application/x-www-form-urlencoded");
  }
}

}  // namespace decant::runner
