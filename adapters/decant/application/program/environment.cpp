// SPDX-License-Identifier: MIT
#include "decant/application/program/environment.hpp"

#include <algorithm>
#include <array>

#include "decant/cgi_variables.hpp"
#include "decant/error.hpp"
#include "decant/headers.hpp"

namespace decant::program {
namespace {

constexpr std::string_view fixed_path =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// A web server that lets a client choose the name of a variable must not let it
// choose what a program loads (CVE-2017-17562, CVE-2021-42342, CVE-2014-6271),
// nor the proxy that it goes through (CVE-2016-5385). Libraries read some names
// in small letters too, so case makes no difference here.
constexpr std::array<std::string_view, 15> refused_prefixes = {
    "LD_",   "DYLD_", "PYTHON",  "PERL",   "RUBY",  "NODE_",   "BASH",   "LUA_",
    "JAVA_", "_JAVA", "MALLOC_", "GCONV_", "GLIBC", "PHP_INI", "LISTEN_"};
constexpr std::array<std::string_view, 14> refused_names = {
    "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY",    "NO_PROXY",
    "ENV",        "IFS",         "SHELLOPTS", "PATH",         "PS4",
    "CDPATH",     "LOCPATH",     "PHPRC",     "NOTIFY_SOCKET"};

/// What modules of web servers send: letters in both cases, as in
/// SSL_CLIENT_S_DN_emailAddress, and hyphens, as in Shib-Session-ID.
bool is_plain_name(std::string_view name) noexcept {
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                  (c >= '0' && c <= '9') || c == '_' || c == '-';
         });
}

bool begins_with(std::string_view name, std::string_view prefix) noexcept {
  return equals_ignoring_case(name.substr(0, prefix.size()), prefix);
}

using Assignments = std::vector<std::pair<std::string, std::string>>;

void set(Assignments& variables, std::string_view name,
         std::string_view value) {
  for (auto& [there, old] : variables) {
    if (there != name) continue;
    old = value;
    return;
  }
  variables.emplace_back(name, value);
}

}  // namespace

bool is_passed_on(std::string_view name) noexcept {
  return is_plain_name(name) &&
         std::none_of(
             refused_prefixes.begin(), refused_prefixes.end(),
             [name](auto prefix) { return begins_with(name, prefix); }) &&
         std::none_of(
             refused_names.begin(), refused_names.end(),
             [name](auto other) { return equals_ignoring_case(name, other); });
}

Environment::Environment(const Options& options) {
  set(ours_, "PATH", fixed_path);
  for (const auto& [name, value] : cgi_variables::process_environment()) {
    const auto& passed = options.pass_env;
    const bool locale =
        name == "TZ" || name == "LANG" || name.starts_with("LC_");
    if (locale ||
        std::find(passed.begin(), passed.end(), name) != passed.end()) {
      set(ours_, name, value);
    }
  }
  for (const auto& [name, value] : options.variables) {
    // A name with a dot is for applications that run in this process.
    if (name.find('.') == std::string::npos) set(ours_, name, value);
  }
}

bool Environment::is_ours(std::string_view name) const {
  return std::any_of(ours_.begin(), ours_.end(),
                     [name](const auto& own) { return own.first == name; });
}

void Environment::Block::add(std::string_view name, std::string_view value) {
  if (value.find('\0') != std::string_view::npos) {
    throw GatewayError("program: the web server sent " + std::string(name) +
                       " with a NUL in it, which no program can be given");
  }
  starts_.push_back(texts_.size());
  texts_ += name;
  texts_ += '=';
  texts_ += value;
  texts_ += '\0';
}

void Environment::Block::finish() {
  pointers_.reserve(starts_.size() + 1);
  for (const std::size_t start : starts_) {
    pointers_.push_back(texts_.data() + start);
  }
  pointers_.push_back(nullptr);
}

Environment::Block Environment::make(const Environ& env,
                                     std::string_view script_name,
                                     std::string_view path_info,
                                     std::string_view file) const {
  Block block;
  block.texts_.reserve(4096);
  block.starts_.reserve(env.size() + ours_.size() + 4);
  // Of these there is one value, and it is ours (RFC 3875 sections 4.1.4,
  // 4.1.5, 4.1.13). Where there is no extra path, there is no PATH_INFO.
  block.add("GATEWAY_INTERFACE", "CGI/1.1");
  block.add("SCRIPT_NAME", script_name);
  if (!path_info.empty()) block.add("PATH_INFO", path_info);
  block.add("SCRIPT_FILENAME", file);
  for (const auto& [name, value] : env) {
    if (name == "GATEWAY_INTERFACE" || name == "SCRIPT_NAME" ||
        name == "PATH_INFO" || name == "SCRIPT_FILENAME" ||
        !is_passed_on(name) || is_ours(name)) {
      continue;
    }
    block.add(name, value);
  }
  for (const auto& [name, value] : ours_) block.add(name, value);
  block.finish();
  return block;
}

}  // namespace decant::program
