// SPDX-License-Identifier: MIT
#include "decant/command/doors.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "decant/error.hpp"
#include "decant/server/scgi.hpp"
#include "decant/server/uwsgi.hpp"
#include "decant/service/listen/listener.hpp"
#include "decant/text.hpp"

namespace decant::command {
namespace {

struct ProtocolEntry {
  std::string_view name;
  service::Door (*make)(const Settings& settings, std::string endpoint);
  /// Where its command listens that is told nothing; null: nowhere.
  std::string (*default_endpoint)() = nullptr;
};

constexpr std::array<ProtocolEntry, 4> protocols = {
    {{"fcgi",
      [](const Settings& settings, std::string endpoint) {
        return fastcgi::on(std::move(endpoint), settings.fcgi);
      }},
     {"http",
      [](const Settings& settings, std::string endpoint) {
        return http::on(std::move(endpoint), settings.http_door);
      },
      http::default_endpoint},
     {"scgi",
      [](const Settings&, std::string endpoint) {
        return scgi::on(std::move(endpoint));
      }},
     {"uwsgi", [](const Settings&, std::string endpoint) {
        return uwsgi::on(std::move(endpoint));
      }}}};

const ProtocolEntry* find(std::string_view name) {
  const auto* const found = std::find_if(
      protocols.begin(), protocols.end(),
      [name](const ProtocolEntry& entry) { return entry.name == name; });
  return found == protocols.end() ? nullptr : found;
}

[[noreturn]] void refuse(const std::string& text, const std::string& word) {
  std::string names;
  for (const ProtocolEntry& entry : protocols) {
    names += (names.empty() ? "" : ", ") + std::string(entry.name) + "://";
  }
  throw UsageError("--listen: " + decant::quoted(text) +
                   (word == "https"
                        ? " wants TLS, which a web server in front speaks; "
                          "listen on a unix socket or on 127.0.0.1 behind it"
                        : " names no protocol that there is; write " + names +
                              " or an endpoint alone"));
}

service::Door make_door(const Settings& settings, const std::string& text,
                        const std::string& protocol) {
  const std::size_t mark = text.find("://");
  // A path may hold anything.
  const bool is_path = text.starts_with("unix:");
  const std::string word =
      mark == std::string::npos || is_path ? protocol : text.substr(0, mark);
  const ProtocolEntry* const entry = find(word);
  if (entry == nullptr) refuse(text, word);
  return entry->make(settings, mark == std::string::npos || is_path
                                   ? text
                                   : text.substr(mark + 3));
}

/// The page of --debug shows source lines.
void require_local(const service::Listener& listener) {
  if (listener.is_local()) return;
  throw UsageError("--debug: " + listener.name() +
                   " can be reached by others, who would see the source; "
                   "listen on 127.0.0.1, [::1] or a unix socket");
}

std::vector<service::Door> make_all(const Settings& settings,
                                    const std::string& protocol) {
  std::vector<service::Door> doors;
  for (const std::string& text : settings.listen) {
    doors.push_back(make_door(settings, text, protocol));
    if (doors.back().endpoint.empty()) {
      throw UsageError("--listen: " + decant::quoted(text) +
                       " has no endpoint; write " + text + "127.0.0.1:9000");
    }
  }
  if (!doors.empty()) return doors;
  const ProtocolEntry& own = *find(protocol);
  doors.push_back(own.make(settings, {}));
  for (const ProtocolEntry& entry : protocols) {
    if (entry.name != protocol) doors.push_back(entry.make(settings, {}));
  }
  if (own.default_endpoint != nullptr && !service::has_endpoint(doors)) {
    return {own.make(settings, own.default_endpoint())};
  }
  return doors;
}

}  // namespace

std::vector<service::Door> make_doors(const Settings& settings,
                                      const std::string& protocol) {
  std::vector<service::Door> doors = make_all(settings, protocol);
  if (!settings.debug) return doors;
  for (service::Door& door : doors) door.check = require_local;
  return doors;
}

}  // namespace decant::command
