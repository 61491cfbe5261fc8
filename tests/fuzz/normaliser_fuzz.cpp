// SPDX-License-Identifier: MIT
// The normaliser: variables as lines "NAME=VALUE", of which the first byte of
// the input chooses how they are taken. The environ keeps its promises.
#include <string>

#include "decant/error.hpp"
#include "decant/headers.hpp"
#include "decant/normaliser.hpp"
#include "target.hpp"

namespace decant {

using fuzz::require;

namespace {

struct Nothing final : InputSource, ErrorSink {
  std::size_t read(std::span<char>) override { return 0; }
  void write(std::string_view) noexcept override {}
};

Variables variables_of(std::string_view text) {
  Variables variables;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t equals = line.find('=');
    variables.emplace_back(line.substr(0, equals),
                           equals == std::string_view::npos
                               ? std::string_view{}
                               : line.substr(equals + 1));
  }
  return variables;
}

void check(const Environ& env, const normaliser::Rules& rules) {
  const std::string_view script = env["SCRIPT_NAME"];
  const std::string_view path = env["PATH_INFO"];
  for (const char* const name :
       {"REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING",
        "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL"}) {
    require(env.contains(name), "a variable is missing");
  }
  require(is_token(env["REQUEST_METHOD"]), "a bad method");
  require(script.empty() || (script.starts_with('/') && !script.ends_with('/')),
          "a bad SCRIPT_NAME");
  require(path.empty() || path.starts_with('/'), "a bad PATH_INFO");
  require(!script.empty() || !path.empty(), "no path at all");
  require(!env["SERVER_NAME"].empty(), "no SERVER_NAME");
  require(!env.contains("HTTP_PROXY"), "HTTP_PROXY");
  require(!env.contains("HTTP_CONTENT_LENGTH"), "HTTP_CONTENT_LENGTH");
  require(env.url_scheme() == "http" || env.url_scheme() == "https", "scheme");
  require(!rules.script_name || script.empty() || script == *rules.script_name,
          "another mount point");
  std::size_t count = 0;
  for (const auto& [name, value] : env) {
    ++count;
    require(!name.empty() && name.find('=') == std::string_view::npos,
            "a bad name");
    require(!name.starts_with("wsgi."), "a reserved name");
    const std::string_view found = env[name];
    require(found.data() == value.data() && found.size() == value.size(),
            "a name stands twice");
  }
  require(count == env.size(), "the size is wrong");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size == 0) return 0;
  const auto framing = (data[0] & 1U) != 0
                           ? normaliser::Framing::end_of_stream
                           : normaliser::Framing::content_length;
  const auto paths = framing == normaliser::Framing::end_of_stream
                         ? normaliser::Paths::whole_in_script_name
                         : normaliser::Paths::split;
  normaliser::Rules rules;
  if ((data[0] & 2U) != 0) rules.script_name = "/app";
  const Variables variables = variables_of(fuzz::text_of(data + 1, size - 1));
  Nothing nothing;
  try {
    const auto length = normaliser::body_length(variables, framing, rules);
    InputStream input(nothing, length);
    ErrorStream errors(nothing);
    Environ env(input, errors, {}, variables);
    normaliser::normalise(paths, rules, env);
    check(env, rules);
  } catch (const GatewayError& error) {
    require(error.status() == 400, "another status");
  }
  return 0;
}

}  // namespace decant
