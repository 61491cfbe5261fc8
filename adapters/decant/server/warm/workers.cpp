// SPDX-License-Identifier: MIT
#include "decant/server/warm/workers.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "decant/server/warm/place.hpp"
#include "decant/text.hpp"

namespace decant::warm {
namespace {

constexpr int patience_for_report_ms = 1000;
constexpr std::size_t most_report = 8192;

std::vector<std::string> sockets_in(const Place& place) {
  std::vector<std::string> names;
  const int copy = ::openat(place.directory(), ".", O_RDONLY | O_CLOEXEC);
  if (copy < 0) return names;
  const std::unique_ptr<DIR, int (*)(DIR*)> list(::fdopendir(copy),
                                                 &::closedir);
  if (!list) return names;
  while (const dirent* const entry = ::readdir(list.get())) {
    const std::string name = entry->d_name;
    if (name.find('.') == std::string::npos) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// What a worker says of itself; empty when it says nothing.
std::string ask(const Place& place, const std::string& name, Kind kind) {
  const Descriptor socket = connect(place, name);
  std::string message;
  if (!socket || !encode(message, {.kind = kind}) ||
      ::send(socket.get(), message.data(), message.size(), MSG_NOSIGNAL) < 0) {
    return {};
  }
  pollfd poll{socket.get(), POLLIN, 0};
  if (::poll(&poll, 1, patience_for_report_ms) <= 0) return {};
  std::array<char, most_report> buffer{};
  const ssize_t got = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
  return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
}

}  // namespace

std::string tell_workers(const std::string& app, Kind kind) {
  std::string lines;
  const auto place = Place::find();
  if (!place) return lines;
  for (const std::string& name : sockets_in(*place)) {
    const auto report = decode_report(ask(*place, name, Kind::status));
    if (!report || report->app != app) continue;
    if (kind == Kind::stop) ask(*place, name, Kind::stop);
    lines += "process " + std::to_string(report->pid) + ", " +
             std::to_string(report->requests) + " requests in " +
             std::to_string(report->seconds) + " seconds, ";
    append_escaped(lines, app);
    lines += kind == Kind::stop ? ", is told to end\n" : "\n";
  }
  return lines;
}

}  // namespace decant::warm
