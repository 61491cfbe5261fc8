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

/// Headers that are never passed on: HTTP_PROXY would become the proxy of any
/// HTTP client in the application (CVE-2016-5385); the lengths and types have
/// variables of their own (RFC 3875 section 4.1.18); the transfer coding has
/// been undone.
bool is_dropped_header(std::string_view name) {
  return name == "HTTP_PROXY" || name == "HTTP_CONTENT_LENGTH" ||
         name == "HTTP_CONTENT_TYPE" || name == "HTTP_TRANSFER_ENCODING";
}

/// Keys that the server side alone may set (PEP 3333, "environ Variables").
bool is_reserved(std::string_view name) {
  return name.starts_with("wsgi.") || name.starts_with("decant.");
}

/// Variables that say nothing when they are empty.
bool is_dropped_when_empty(std::string_view name) {
  return name == "REMOTE_USER" || name == "AUTH_TYPE" ||
         name == "REMOTE_IDENT" || name == "CONTENT_TYPE" ||
         name == "CONTENT_LENGTH";
}

void add_header(Environ& env, std::string_view name, std::string_view value) {
  if (is_dropped_header(name)) return;
  if (env.add_view(name, value)) return;
  // RFC 9110 section 5.3, RFC 6265 section 5.4 for cookies.
  std::string joined(env[name]);
  joined += name == "HTTP_COOKIE" ? "; " : ", ";
  joined += value;
  env.set(name, joined);
}

/// A variable that is no header: the last one wins.
void add_variable(Environ& env, std::string_view name, std::string_view value) {
  if (is_reserved(name)) return;
  if (value.empty() && is_dropped_when_empty(name)) {
    env.erase(name);
  } else {
    env.set_view(name, value);
  }
}

void add_variables(const Variables& variables, Environ& env) {
  env.reserve(variables.size() + 8);
  for (const auto& [name, value] : variables) {
    check_name(name);
    if (name.starts_with("HTTP_")) {
      add_header(env, name, value);
    } else {
      add_variable(env, name, value);
    }
  }
}

/// Apache passes no Authorization on by itself; what a RewriteRule saves
/// arrives under another name.
void recover_authorization(Environ& env) {
  if (!env["HTTP_AUTHORIZATION"].empty()) return;
  constexpr std::array<std::string_view, 3> names = {
      "REDIRECT_HTTP_AUTHORIZATION", "Authorization", "AUTHORIZATION"};
  for (const std::string_view name : names) {
    const std::string_view value = env[name];
    if (value.empty()) continue;
    env.set_view("HTTP_AUTHORIZATION", value);
    return;
  }
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
  const std::string_view https = env["HTTPS"];
  if (!https.empty()) {
    constexpr std::array<std::string_view, 4> on = {"on", "1", "true", "https"};
    if (std::any_of(on.begin(), on.end(), [https](std::string_view word) {
          return equals_ignoring_case(https, word);
        })) {
      return true;
    }
  }
  return equals_ignoring_case(env["REQUEST_SCHEME"], "https");
}

void set_server(Environ& env) {
  env.set_url_scheme(is_https(env) ? "https" : "http");
  std::string_view name = without_port(env["SERVER_NAME"]);
  if (name.empty()) name = without_port(env["HTTP_HOST"]);
  if (name.empty()) name = "localhost";
  if (name != env["SERVER_NAME"]) env.set_view("SERVER_NAME", name);
  if (env["SERVER_PORT"].empty()) {
    env.set_view("SERVER_PORT", env.url_scheme() == "https" ? "443" : "80");
  }
  if (env["SERVER_PROTOCOL"].empty()) {
    env.set_view("SERVER_PROTOCOL", "HTTP/1.1");
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

void replace(Environ& env, std::string_view name, const std::string& value) {
  if (!env.contains(name) || env[name] != value) env.set(name, value);
}

void set_paths(Framing framing, const Rules& rules, Environ& env) {
  const std::string_view script_name = env["SCRIPT_NAME"];
  std::optional<std::string_view> path_info;
  if (env.contains("PATH_INFO")) path_info = env["PATH_INFO"];
  const Paths paths =
      well_formed(split_paths(script_name, path_info, framing, rules));
  replace(env, "SCRIPT_NAME", paths.script_name);
  replace(env, "PATH_INFO", paths.path_info);
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
  if (!is_token(env["REQUEST_METHOD"])) {
    throw GatewayError(
        "request: the web server sent " +
        (env.contains("REQUEST_METHOD")
             ? "REQUEST_METHOD " + quoted(env["REQUEST_METHOD"])
             : std::string("no REQUEST_METHOD")) +
        "; it must pass the CGI variables (nginx: include fastcgi_params)");
  }
  if (env["CONTENT_LENGTH"].starts_with('-')) env.erase("CONTENT_LENGTH");
  recover_authorization(env);
  set_server(env);
  set_paths(framing, rules, env);
  env.add_view("QUERY_STRING", "");
  for (const auto& [name, value] : rules.variables) env.set_view(name, value);
}

}  // namespace decant::cgi_request
