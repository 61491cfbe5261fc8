// SPDX-License-Identifier: MIT
#include "decant/cgi_variables.hpp"

#include <unistd.h>

#include <algorithm>

#include "decant/headers.hpp"
#include "decant/path.hpp"

namespace decant::cgi_variables {
namespace {

bool has_space_or_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7F;
  });
}

/// "80" of "host:80" and of "[::1]:80"; empty when there is none.
std::string_view port_of(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  const std::size_t bracket = authority.rfind(']');
  if (colon == std::string_view::npos ||
      (bracket != std::string_view::npos && colon < bracket)) {
    return {};
  }
  return authority.substr(colon + 1);
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9');
}

/// RFC 3986 section 3.2.2: IPv6 between brackets.
bool is_in_literal(char c) {
  return std::string_view("0123456789abcdefABCDEF:.").find(c) !=
         std::string_view::npos;
}

/// RFC 3986 section 3.2.2: a registered name or IPv4.
bool is_in_name(char c) {
  return is_letter_or_digit(c) ||
         std::string_view("-._~%!$&'()*+,;=").find(c) != std::string_view::npos;
}

bool is_port(std::string_view text) {
  return text.size() <= 5 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

Variables process_environment() {
  Variables variables;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr;
       ++entry) {
    variables.emplace_assignment(*entry);
  }
  return variables;
}

bool is_host(std::string_view text) noexcept {
  const bool literal = text.starts_with('[');
  std::string_view host = text.substr(0, text.find(literal ? ']' : ':'));
  std::string_view rest = text.substr(host.size());
  if (literal) {
    if (rest.empty()) return false;
    host.remove_prefix(1);
    rest.remove_prefix(1);
  }
  return !host.empty() &&
         std::all_of(host.begin(), host.end(),
                     literal ? is_in_literal : is_in_name) &&
         (rest.empty() || (rest.front() == ':' && is_port(rest.substr(1))));
}

std::string variable_of(std::string_view header) {
  std::string variable;
  for (const char c : header) {
    variable += c == '-'               ? '_'
                : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A')
                                       : c;
  }
  if (variable != "CONTENT_TYPE" && variable != "CONTENT_LENGTH") {
    variable.insert(0, "HTTP_");
  }
  return variable;
}

std::optional<Target> Target::parse(std::string_view method,
                                    std::string_view text) {
  if (text.empty() || has_space_or_control(text)) return std::nullopt;
  Target target;
  if (text == "*") {  // the server as a whole (RFC 9112 section 3.2.4)
    if (method != "OPTIONS") return std::nullopt;
    target.path = "/";
    target.raw = text;
    return target;
  }
  if (text.front() != '/') {
    const std::size_t end = text.find("://");
    if (end == std::string_view::npos) return std::nullopt;
    target.scheme = text.substr(0, end);
    if (!equals_ignoring_case(target.scheme, "http") &&
        !equals_ignoring_case(target.scheme, "https")) {
      return std::nullopt;
    }
    text.remove_prefix(end + 3);
    target.authority = text.substr(0, text.find_first_of("/?#"));
    text.remove_prefix(target.authority.size());
    if (!is_host(target.authority)) return std::nullopt;
  }
  text = text.substr(0, text.find('#'));
  target.raw = text;
  const std::size_t question = text.find('?');
  target.path = text.substr(0, question);
  if (target.path.empty()) target.path = "/";
  if (question != std::string_view::npos) {
    target.query = text.substr(question + 1);
  }
  return target;
}

RequestVariables::RequestVariables(std::string_view method,
                                   const Target& target,
                                   std::string_view protocol,
                                   std::string_view remote_address) {
  add("GATEWAY_INTERFACE", "CGI/1.1");
  add("SERVER_SOFTWARE", "decant/" DECANT_VERSION);
  add("SERVER_PROTOCOL", protocol);
  add("REQUEST_METHOD", method);
  // RFC 9112 section 3.2.1: an empty path is sent as "/".
  const bool whole = target.raw.starts_with('/') || target.raw == "*";
  add("REQUEST_URI", (whole ? "" : "/") + std::string(target.raw));
  add("SCRIPT_NAME", "");
  add("PATH_INFO", percent_decoded(target.path));
  add("QUERY_STRING", target.query);
  add("REMOTE_ADDR", remote_address);
  const bool https = equals_ignoring_case(target.scheme, "https");
  if (https) add("HTTPS", "on");
  if (target.authority.empty()) return;
  add("SERVER_NAME", target.authority);
  const std::string_view port = port_of(target.authority);
  if (!port.empty()) add("SERVER_PORT", port);
}

void RequestVariables::add(std::string_view name, std::string_view value) {
  const std::string& kept_name = kept_.emplace_back(name);
  view_.emplace_back(kept_name, kept_.emplace_back(value));
}

void RequestVariables::add_host(std::string_view authority) {
  if (!authority.empty() && !contains("HTTP_HOST")) add("HTTP_HOST", authority);
}

void RequestVariables::add_header(std::string_view name,
                                  std::string_view value) {
  const std::string variable = variable_of(name);
  if (variable == "HTTP_HOST" && contains(variable)) return;
  add(variable, value);
}

bool RequestVariables::contains(std::string_view name) const {
  return std::any_of(view_.begin(), view_.end(),
                     [name](const Variable& v) { return v.name == name; });
}

}  // namespace decant::cgi_variables
