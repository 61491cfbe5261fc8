// SPDX-License-Identifier: MIT
#include "decant/normaliser.hpp"

#include <algorithm>
#include <array>

#include "decant/environ_access.hpp"
#include "decant/error.hpp"
#include "decant/headers.hpp"
#include "decant/path.hpp"
#include "decant/text.hpp"

namespace decant::normaliser {
namespace {

using detail::known;
using Access = detail::EnvironAccess;

constexpr std::array<bool, 256> make_name_table() {
  std::array<bool, 256> table{};
  for (std::size_t byte = 0x20; byte < table.size(); ++byte) {
    table[byte] = byte != '=' && byte != 0x7F;
  }
  return table;
}

constexpr auto name_table = make_name_table();

void check_name(std::string_view name) {
  const bool good =
      !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return name_table[static_cast<unsigned char>(c)];
      });
  if (!good) {
    throw GatewayError("request: the web server sent a variable named " +
                       quoted(name) + "; such a request is refused");
  }
}

/// Keys that the server side alone may set (PEP 3333, "environ Variables").
bool is_reserved(std::string_view name) {
  return name.starts_with("wsgi.") || name.starts_with("decant.");
}

/// Never passed on: HTTP_PROXY would become the proxy of any HTTP client in the
/// application (CVE-2016-5385); the lengths and types have variables of their
/// own (RFC 3875 section 4.1.18); the transfer coding has been undone.
constexpr std::array dropped = {
    known("HTTP_PROXY"), known("HTTP_CONTENT_LENGTH"),
    known("HTTP_CONTENT_TYPE"), known("HTTP_TRANSFER_ENCODING")};

/// These say nothing when they are empty.
constexpr std::array quiet = {known("REMOTE_USER"), known("AUTH_TYPE"),
                              known("REMOTE_IDENT"), known("CONTENT_TYPE"),
                              known("CONTENT_LENGTH")};

/// A variable of the name of the one at `first`: headers are joined (RFC 9110
/// section 5.3, for cookies RFC 6265 section 5.4), of others the last one wins,
/// as in PHP, Go and uWSGI.
void merge(Environ& env, std::size_t first, std::string_view name,
           std::string_view value) {
  Variables& variables = Access::variables(env);
  if (!name.starts_with("HTTP_")) {
    variables.set_value(first, value);
    return;
  }
  std::string joined(variables[first].value);
  joined += name == "HTTP_COOKIE" ? "; " : ", ";
  joined += value;
  variables.set_value(first, Access::keep(env, joined));
}

/// Repeats, and names that web servers do not send by themselves.
void settle_others(Environ& env) {
  Variables& variables = Access::variables(env);
  // Erase the reserved names before the first find(), which may build its index
  // of the names that it sees.
  for (const std::size_t place : variables.others()) {
    const std::string_view name = variables[place].name;
    if (detail::name_id(name) == 0) check_name(name);
    if (is_reserved(name)) variables.erase_other(place);
  }
  for (const std::size_t place : variables.others()) {
    const auto [name, value] = variables[place];
    if (name.data() == nullptr) continue;
    const std::size_t first = Access::find(env, name);
    if (first == place) continue;
    merge(env, first, name, value);
    variables.erase_other(place);
  }
}

void drop_variables(Variables& variables) {
  for (const detail::NameId id : dropped) variables.erase(id);
  for (const detail::NameId id : quiet) {
    if (variables.first(id).empty()) variables.erase(id);
  }
  if (variables.first(known("CONTENT_LENGTH")).starts_with('-')) {
    variables.erase(known("CONTENT_LENGTH"));
  }
}

/// Apache passes no Authorization on by itself; what a RewriteRule saves
/// arrives under another name.
void recover_authorization(Variables& variables) {
  if (!variables.first(known("HTTP_AUTHORIZATION")).empty()) return;
  for (const detail::NameId id :
       {known("REDIRECT_HTTP_AUTHORIZATION"), known("Authorization"),
        known("AUTHORIZATION")}) {
    const std::string_view value = variables.first(id);
    if (value.empty()) continue;
    variables.set(known("HTTP_AUTHORIZATION"), value);
    return;
  }
}

std::string_view without_port(std::string_view host) {
  const std::size_t first = host.find(':');
  if (first == std::string_view::npos) return host;
  const std::size_t colon = host.rfind(':');
  const bool bare_ipv6 =
      first != colon && (colon == 0 || host[colon - 1] != ']');
  const std::string_view port = host.substr(colon + 1);
  const bool digits = std::all_of(port.begin(), port.end(),
                                  [](char c) { return c >= '0' && c <= '9'; });
  return bare_ipv6 || !digits ? host : host.substr(0, colon);
}

bool is_https(const Variables& variables) {
  const std::string_view said = variables.first(known("HTTPS"));
  if (!said.empty()) {
    constexpr std::array<std::string_view, 4> on = {"on", "1", "true", "https"};
    if (std::any_of(on.begin(), on.end(), [said](std::string_view word) {
          return equals_ignoring_case(said, word);
        })) {
      return true;
    }
  }
  return equals_ignoring_case(variables.first(known("REQUEST_SCHEME")),
                              "https");
}

void set_server(Environ& env) {
  Variables& variables = Access::variables(env);
  Access::set_url_scheme(env, is_https(variables) ? "https" : "http");
  const std::string_view said = variables.first(known("SERVER_NAME"));
  std::string_view name = without_port(said);
  if (name.empty()) name = without_port(variables.first(known("HTTP_HOST")));
  if (name.empty()) name = "localhost";
  if (name.size() != said.size()) variables.set(known("SERVER_NAME"), name);
  if (variables.first(known("SERVER_PORT")).empty()) {
    variables.set(known("SERVER_PORT"),
                  env.url_scheme() == "https" ? "443" : "80");
  }
  if (variables.first(known("SERVER_PROTOCOL")).empty()) {
    variables.set(known("SERVER_PROTOCOL"), "HTTP/1.1");
  }
}

struct SplitPath {
  std::string script_name;
  std::string path_info;
};

/// SCRIPT_NAME "" or "/..." and never ending in a slash, PATH_INFO "" or
/// "/...", not both empty.
SplitPath well_formed(SplitPath paths) {
  auto& [script_name, path_info] = paths;
  if (script_name.ends_with('/') && path_info.empty()) path_info = "/";
  script_name = canonical_mount(script_name);
  if (!path_info.empty() && path_info.front() != '/')
    path_info.insert(0, 1, '/');
  if (script_name.empty() && path_info.empty()) path_info = "/";
  return paths;
}

SplitPath split_path(std::string_view script_name,
                     std::optional<std::string_view> path_info,
                     Paths convention, const Rules& rules) {
  if (rules.script_name) {
    const std::string& mount = *rules.script_name;
    std::string whole(script_name);
    if (whole.ends_with('/') && path_info && path_info->starts_with('/')) {
      whole.pop_back();
    }
    whole += path_info.value_or("");
    if (!is_beneath(whole, mount)) return {"", whole};
    return {mount, whole.substr(mount.size())};
  }
  // nginx's and Apache's FastCGI modules send the whole path as SCRIPT_NAME
  // and no PATH_INFO at all. For CGI absent means empty (RFC 3875 4.1.5).
  if (!path_info && convention == Paths::whole_in_script_name) {
    return {"", std::string(script_name)};
  }
  return {std::string(script_name), std::string(path_info.value_or(""))};
}

/// True for what most web servers send: nothing is to be done then.
bool are_well_formed(std::string_view script, std::string_view path) {
  if (script.empty()) return path.starts_with('/');
  return script.starts_with('/') && !script.ends_with('/') &&
         (path.empty() || path.starts_with('/'));
}

/// The path of a request whose web server does not take it apart.
std::string undivided_path(const Variables& variables) {
  const std::string_view decoded = variables.first(known("DOCUMENT_URI"));
  if (!decoded.empty()) return std::string(decoded);
  const std::string_view uri = variables.first(known("REQUEST_URI"));
  return percent_decoded(uri.substr(0, uri.find('?')));
}

void set_paths(Paths convention, const Rules& rules, Environ& env) {
  Variables& variables = Access::variables(env);
  if (convention == Paths::whole_in_script_name &&
      !variables.contains(known("SCRIPT_NAME")) &&
      !variables.contains(known("PATH_INFO"))) {
    variables.set(known("SCRIPT_NAME"),
                  Access::keep(env, undivided_path(variables)));
  }
  const std::string_view script = variables.first(known("SCRIPT_NAME"));
  std::optional<std::string_view> path;
  if (variables.contains(known("PATH_INFO"))) {
    path = variables.first(known("PATH_INFO"));
  }
  if (path && variables.contains(known("SCRIPT_NAME")) && !rules.script_name &&
      are_well_formed(script, *path)) {
    return;
  }
  const SplitPath paths =
      well_formed(split_path(script, path, convention, rules));
  variables.set(known("SCRIPT_NAME"), Access::keep(env, paths.script_name));
  variables.set(known("PATH_INFO"), Access::keep(env, paths.path_info));
}

/// CONTENT_LENGTH as a number: nothing when it is absent, empty or negative
/// (Caddy sends -1 for a length it does not know).
std::optional<std::uint64_t> announced_length(const Variables& variables) {
  const std::string_view text = variables.last(known("CONTENT_LENGTH"));
  if (text.empty()) return std::nullopt;
  const bool negative = text.front() == '-';
  const auto length = parse_content_length(text.substr(negative ? 1 : 0));
  if (!length) {
    throw GatewayError("request: CONTENT_LENGTH " + quoted(text) +
                       " is not a number of bytes");
  }
  return negative ? std::nullopt : length;
}

}  // namespace

RequestLine request_line(const Variables& variables) noexcept {
  RequestLine line;
  const std::string_view method = variables.last(known("REQUEST_METHOD"));
  if (!method.empty()) line.method = method;
  line.target = variables.last(known("REQUEST_URI"));
  if (line.target.empty()) line.target = variables.last(known("PATH_INFO"));
  if (line.target.empty()) line.target = variables.last(known("SCRIPT_NAME"));
  return line;
}

std::optional<std::uint64_t> body_length(const Variables& variables,
                                         Framing framing, const Rules& rules) {
  const auto announced = announced_length(variables);
  if (announced && rules.max_body != 0 && *announced > rules.max_body) {
    throw GatewayError("request: the body of " + std::to_string(*announced) +
                           " bytes is longer than --max-body, " +
                           std::to_string(rules.max_body) + " bytes",
                       413);
  }
  if (announced || framing == Framing::end_of_stream) return announced;
  const std::string_view coding =
      variables.last(known("HTTP_TRANSFER_ENCODING"));
  if (equals_ignoring_case(coding, "chunked")) return std::nullopt;
  return 0;
}

void normalise(Paths convention, const Rules& rules, Environ& env) {
  Variables& variables = Access::variables(env);
  if (!variables.others().empty()) settle_others(env);
  drop_variables(variables);
  const std::string_view method = variables.first(known("REQUEST_METHOD"));
  if (!is_token(method)) {
    throw GatewayError(
        "request: the web server sent " +
        (variables.contains(known("REQUEST_METHOD"))
             ? "REQUEST_METHOD " + quoted(method)
             : std::string("no REQUEST_METHOD")) +
        "; it must pass the CGI variables (nginx: include the params file "
        "of the protocol)");
  }
  recover_authorization(variables);
  set_server(env);
  set_paths(convention, rules, env);
  if (!variables.contains(known("QUERY_STRING"))) {
    variables.set(known("QUERY_STRING"), "");
  }
  for (const auto& [name, value] : rules.variables) env.set_view(name, value);
}

}  // namespace decant::normaliser
