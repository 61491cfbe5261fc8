// SPDX-License-Identifier: MIT
#include "decant/cgi_request.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "decant/error.hpp"
#include "decant/headers.hpp"
#include "decant/path.hpp"
#include "decant/text.hpp"

namespace decant::cgi_request {
namespace {

/// The last value of `name`: for a variable that is no header the last one
/// wins, as in PHP, Go and uWSGI.
std::optional<std::string_view> last_value(const Variables& variables,
                                           std::string_view name) {
  const auto found =
      std::find_if(variables.rbegin(), variables.rend(),
                   [name](const Variable& v) { return v.first == name; });
  if (found == variables.rend()) return std::nullopt;
  return found->second;
}

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

/// What becomes of a variable.
enum class Rule : std::uint8_t {
  variable,        ///< the last one of that name wins
  unless_empty,    ///< the same, but says nothing when it is empty
  header,          ///< joined with others of that name
  dropped_header,  ///< never passed on
};

/// HTTP_PROXY would become the proxy of any HTTP client in the application
/// (CVE-2016-5385); the lengths and types have variables of their own (RFC 3875
/// section 4.1.18); the transfer coding has been undone.
constexpr Rule rule_of(std::string_view name) {
  for (const std::string_view dropped :
       {"HTTP_PROXY", "HTTP_CONTENT_LENGTH", "HTTP_CONTENT_TYPE",
        "HTTP_TRANSFER_ENCODING"}) {
    if (name == dropped) return Rule::dropped_header;
  }
  for (const std::string_view quiet :
       {"REMOTE_USER", "AUTH_TYPE", "REMOTE_IDENT", "CONTENT_TYPE",
        "CONTENT_LENGTH"}) {
    if (name == quiet) return Rule::unless_empty;
  }
  return name.starts_with("HTTP_") ? Rule::header : Rule::variable;
}

constexpr auto make_rules() {
  std::array<Rule, detail::known_names.size() + 1> rules{};
  for (std::size_t i = 0; i < detail::known_names.size(); ++i) {
    rules[i + 1] = rule_of(detail::known_names[i]);
  }
  return rules;
}

constexpr auto known_rules = make_rules();

void join_header(Environ& env, std::string_view name, std::string_view value) {
  // RFC 9110 section 5.3, RFC 6265 section 5.4 for cookies.
  std::string joined(env[name]);
  joined += name == "HTTP_COOKIE" ? "; " : ", ";
  joined += value;
  env.set(name, joined);
}

void add_known(Environ& env, detail::NameId id, std::string_view name,
               std::string_view value) {
  switch (known_rules[id]) {
    case Rule::header:
      if (!env.add_view(id, name, value)) join_header(env, name, value);
      break;
    case Rule::unless_empty:
      if (value.empty()) {
        if (env.has(id)) env.erase(name);
        break;
      }
      [[fallthrough]];
    case Rule::variable:
      env.set_view(id, name, value);
      break;
    case Rule::dropped_header:
      break;
  }
}

/// A name that web servers do not send by themselves.
void add_other(Environ& env, std::string_view name, std::string_view value) {
  check_name(name);
  if (name.starts_with("HTTP_")) {
    if (!env.add_view(name, value)) join_header(env, name, value);
  } else if (!is_reserved(name)) {
    env.set_view(name, value);
  }
}

void add_variables(const Variables& variables, Environ& env) {
  env.reserve(variables.size() + 8);
  for (const auto& [name, value] : variables) {
    const detail::NameId id = detail::name_id(name);
    if (id != 0) {
      add_known(env, id, name, value);
    } else {
      add_other(env, name, value);
    }
  }
}

// What the normaliser itself looks at.
namespace known {
constexpr detail::NameId authorization = detail::name_id("HTTP_AUTHORIZATION");
constexpr detail::NameId content_length = detail::name_id("CONTENT_LENGTH");
constexpr detail::NameId host = detail::name_id("HTTP_HOST");
constexpr detail::NameId https = detail::name_id("HTTPS");
constexpr detail::NameId path_info = detail::name_id("PATH_INFO");
constexpr detail::NameId query_string = detail::name_id("QUERY_STRING");
constexpr detail::NameId redirected_authorization =
    detail::name_id("REDIRECT_HTTP_AUTHORIZATION");
constexpr detail::NameId request_method = detail::name_id("REQUEST_METHOD");
constexpr detail::NameId request_scheme = detail::name_id("REQUEST_SCHEME");
constexpr detail::NameId script_name = detail::name_id("SCRIPT_NAME");
constexpr detail::NameId server_name = detail::name_id("SERVER_NAME");
constexpr detail::NameId server_port = detail::name_id("SERVER_PORT");
constexpr detail::NameId server_protocol = detail::name_id("SERVER_PROTOCOL");
}  // namespace known

/// Apache passes no Authorization on by itself; what a RewriteRule saves
/// arrives under another name.
void recover_authorization(Environ& env) {
  if (!env.at(known::authorization).empty()) return;
  std::string_view value = env.at(known::redirected_authorization);
  if (value.empty()) value = env["Authorization"];
  if (value.empty()) value = env["AUTHORIZATION"];
  if (value.empty()) return;
  env.set_view(known::authorization, "HTTP_AUTHORIZATION", value);
}

std::string_view without_port(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  if (colon == std::string_view::npos) return host;
  const bool bare_ipv6 =
      host.find(':') != colon && (colon == 0 || host[colon - 1] != ']');
  const std::string_view port = host.substr(colon + 1);
  const bool digits = std::all_of(port.begin(), port.end(),
                                  [](char c) { return c >= '0' && c <= '9'; });
  return bare_ipv6 || !digits ? host : host.substr(0, colon);
}

bool is_https(const Environ& env) {
  const std::string_view said = env.at(known::https);
  if (!said.empty()) {
    constexpr std::array<std::string_view, 4> on = {"on", "1", "true", "https"};
    if (std::any_of(on.begin(), on.end(), [said](std::string_view word) {
          return equals_ignoring_case(said, word);
        })) {
      return true;
    }
  }
  return equals_ignoring_case(env.at(known::request_scheme), "https");
}

void set_server(Environ& env) {
  env.set_url_scheme(is_https(env) ? "https" : "http");
  std::string_view name = without_port(env.at(known::server_name));
  if (name.empty()) name = without_port(env.at(known::host));
  if (name.empty()) name = "localhost";
  if (name.size() != env.at(known::server_name).size()) {
    env.set_view(known::server_name, "SERVER_NAME", name);
  }
  if (env.at(known::server_port).empty()) {
    env.set_view(known::server_port, "SERVER_PORT",
                 env.url_scheme() == "https" ? "443" : "80");
  }
  if (env.at(known::server_protocol).empty()) {
    env.set_view(known::server_protocol, "SERVER_PROTOCOL", "HTTP/1.1");
  }
}

struct Paths {
  std::string script_name;
  std::string path_info;
};

/// SCRIPT_NAME "" or "/..." and never ending in a slash, PATH_INFO "" or
/// "/...", not both empty.
Paths well_formed(Paths paths) {
  auto& [script_name, path_info] = paths;
  if (script_name.ends_with('/') && path_info.empty()) path_info = "/";
  script_name = canonical_mount(script_name);
  if (!path_info.empty() && path_info.front() != '/')
    path_info.insert(0, 1, '/');
  if (script_name.empty() && path_info.empty()) path_info = "/";
  return paths;
}

Paths split_paths(std::string_view script_name,
                  std::optional<std::string_view> path_info, Framing framing,
                  const Rules& rules) {
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
  if (!path_info && framing == Framing::end_of_stream) {
    return {"", std::string(script_name)};
  }
  return {std::string(script_name), std::string(path_info.value_or(""))};
}

void replace(Environ& env, detail::NameId id, std::string_view name,
             const std::string& value) {
  if (!env.has(id) || env.at(id) != value) env.set(name, value);
}

/// True for what most web servers send: nothing is to be done then.
bool are_well_formed(std::string_view script, std::string_view path) {
  if (script.empty()) return path.starts_with('/');
  return script.starts_with('/') && !script.ends_with('/') &&
         (path.empty() || path.starts_with('/'));
}

void set_paths(Framing framing, const Rules& rules, Environ& env) {
  const std::string_view script = env.at(known::script_name);
  std::optional<std::string_view> path;
  if (env.has(known::path_info)) path = env.at(known::path_info);
  if (path && env.has(known::script_name) && !rules.script_name &&
      are_well_formed(script, *path)) {
    return;
  }
  const Paths paths = well_formed(split_paths(script, path, framing, rules));
  replace(env, known::script_name, "SCRIPT_NAME", paths.script_name);
  replace(env, known::path_info, "PATH_INFO", paths.path_info);
}

/// CONTENT_LENGTH as a number: nothing when it is absent, empty or negative
/// (Caddy sends -1 for a length it does not know).
std::optional<std::uint64_t> announced_length(const Variables& variables) {
  const std::string_view text =
      last_value(variables, "CONTENT_LENGTH").value_or("");
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

Variables process_environment() {
  Variables variables;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr;
       ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string_view::npos) continue;
    variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

RequestLine request_line(const Variables& variables) noexcept {
  RequestLine line;
  std::string_view path;
  for (const auto& [name, value] : variables) {
    if (name == "REQUEST_METHOD") line.method = value;
    if (name == "REQUEST_URI") line.target = value;
    if (name == "PATH_INFO" || (name == "SCRIPT_NAME" && path.empty())) {
      path = value;
    }
    if (!line.method.empty() && !line.target.empty()) break;
  }
  if (line.target.empty()) line.target = path;
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
      last_value(variables, "HTTP_TRANSFER_ENCODING").value_or("");
  if (equals_ignoring_case(coding, "chunked")) return std::nullopt;
  return 0;
}

void normalise(const Variables& variables, Framing framing, const Rules& rules,
               Environ& env) {
  add_variables(variables, env);
  if (!is_token(env.at(known::request_method))) {
    throw GatewayError(
        "request: the web server sent " +
        (env.has(known::request_method)
             ? "REQUEST_METHOD " + quoted(env.at(known::request_method))
             : std::string("no REQUEST_METHOD")) +
        "; it must pass the CGI variables (nginx: include fastcgi_params)");
  }
  if (env.at(known::content_length).starts_with('-'))
    env.erase("CONTENT_LENGTH");
  recover_authorization(env);
  set_server(env);
  set_paths(framing, rules, env);
  env.add_view(known::query_string, "QUERY_STRING", "");
  for (const auto& [name, value] : rules.variables) env.set_view(name, value);
}

}  // namespace decant::cgi_request
