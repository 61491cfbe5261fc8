// SPDX-License-Identifier: MIT
#include "decant/server/warm/workers.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "decant/server/warm/place.hpp"
#include "decant/text.hpp"

namespace decant::warm {
namespace {

constexpr int patience_for_report_ms = 250;
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

/// What a worker answers; no value when it says nothing.
std::optional<Report> ask(int socket, Kind kind) {
  std::string message;
  if (!encode(message, {.kind = kind}) ||
      ::send(socket, message.data(), message.size(), MSG_NOSIGNAL) < 0) {
    return std::nullopt;
  }
  pollfd poll{socket, POLLIN, 0};
  if (::poll(&poll, 1, patience_for_report_ms) <= 0) return std::nullopt;
  std::array<char, most_report> buffer{};
  const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), 0);
  return decode_report(
      {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))});
}

/// What a worker has written down, which is there as long as it has its lock;
/// no value unless it is the process that listens at `socket`.
std::optional<Report> look_up(const Place& place, const std::string& name,
                              int socket) {
  const Descriptor lock(
      ::openat(place.directory(), (name + ".lock").c_str(),
               O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!lock || ::flock(lock.get(), LOCK_SH | LOCK_NB) == 0) {
    return std::nullopt;
  }
  std::array<char, most_report> buffer{};
  const ssize_t got = read_some(lock.get(), buffer);
  auto report = decode_report(
      {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))});
  const auto peer = peer_of(socket);
  if (!report || !peer ||
      report->pid != static_cast<std::uint64_t>(peer->pid)) {
    return std::nullopt;
  }
  return report;
}

void stop(const Place& place, const std::string& name, const Report& report,
          bool busy) {
  if (busy) {
    ::kill(static_cast<pid_t>(report.pid), SIGTERM);
  } else if (const Descriptor socket = connect(place, name)) {
    ask(socket.get(), Kind::stop);
  }
}

std::string line_of(const Report& report, bool busy) {
  std::string line = "process " + std::to_string(report.pid) + ", ";
  if (busy) {
    line += "busy, ";
  } else {
    line += std::to_string(report.requests) + " requests in " +
            std::to_string(report.seconds) + " seconds, ";
  }
  append_escaped(line, report.app);
  return line;
}

}  // namespace

std::string tell_workers(const std::string& app, Kind kind) {
  std::string lines;
  std::set<std::uint64_t> told;  // one place may be found by two ways
  for (const Place& place : Place::all()) {
    for (const std::string& name : sockets_in(place)) {
      const Descriptor socket = connect(place, name);
      if (!socket) continue;
      auto report = ask(socket.get(), Kind::status);
      const bool busy = !report;
      if (busy) report = look_up(place, name, socket.get());
      if (!report || report->app != app || !told.insert(report->pid).second) {
        continue;
      }
      lines += line_of(*report, busy);
      if (kind == Kind::stop) {
        stop(place, name, *report, busy);
        lines += ", is told to end";
      }
      lines += '\n';
    }
  }
  return lines;
}

}  // namespace decant::warm
