// SPDX-License-Identifier: MIT
#include "decant/service/service.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>

#include "decant/error.hpp"
#include "decant/service/doors.hpp"
#include "decant/service/log/log.hpp"
#include "decant/service/loop/loop.hpp"
#include "decant/service/loop/signals.hpp"
#include "decant/service/process/init_process.hpp"
#include "decant/service/process/pid_file.hpp"
#include "decant/service/process/privileges.hpp"
#include "decant/service/process/supervisor.hpp"
#include "decant/service/process/worker.hpp"
#include "decant/text.hpp"

namespace decant::service {
namespace {

/// Workers that may live at once beside those that serve: of the next
/// generation, draining, stuck.
constexpr int spare_workers = 64;

/// The processors that this process may use.
int available_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(CPU_COUNT(&set), 1);
}

int count_processes(const std::vector<Door>& doors, const Options& options) {
  if (options.processes) return *options.processes;
  const bool managed =
      takes_passed_sockets(doors) && is_listening_socket(STDIN_FILENO);
  return managed ? 0 : available_processors();
}

void check(const Options& options, int processes) {
  if (processes > 0) return;
  const auto refuse = [](const char* option) {
    throw UsageError(std::string(option) +
                     ": needs a supervisor; give --processes 1 or more");
  };
  if (options.preload) refuse("--preload");
  if (options.reload) refuse("--reload");
  if (!options.status.empty()) refuse("--status");
}

/// The commonest first failure: started as root, with a socket that the web
/// server may not open, which tells its own log at most.
void warn_who_may_connect(Shared& shared) {
  const Options& options = shared.options;
  const SocketSettings by_default;
  if (::geteuid() != 0 || !options.user.empty() ||
      !options.socket.owner.empty() || options.socket.mode != by_default.mode) {
    return;
  }
  for (const Listener& listener : shared.listeners) {
    if (listener.file().empty()) continue;
    shared.warnings.push_back(
        "only root may connect to " + listener.name() +
        "; --owner www-data, or --mode 0660 --owner :www-data, lets a web "
        "server in that runs as www-data");
  }
}

/// Files that were made as root, where the user that the service has become may
/// neither remove nor make any.
void warn_what_stays(Shared& shared, const PidFile* pid_file) {
  const Options& options = shared.options;
  if (options.user.empty() && options.chroot.empty()) return;
  const auto is_fixed = [](const std::string& path) {
    const auto folder = std::filesystem::absolute(path).parent_path();
    return ::faccessat(AT_FDCWD, folder.c_str(), W_OK, AT_EACCESS) != 0;
  };
  std::string files;
  const auto add = [&](const std::string& path) {
    if (path.empty() || !is_fixed(path)) return;
    files += (files.empty() ? "" : ", ") + decant::quoted(path);
  };
  for (const Listener& listener : shared.listeners) add(listener.file());
  if (pid_file != nullptr) add(pid_file->path());
  if (!files.empty()) {
    shared.warnings.push_back(
        files +
        " will be left behind: --user may not remove it; give a folder of "
        "that user's, as systemd's RuntimeDirectory= makes one");
  }
  files.clear();
  add(options.logs.file);
  if (options.logs.access_file != "-") add(options.logs.access_file);
  if (!files.empty()) {
    shared.warnings.push_back(
        files +
        " cannot be opened anew at USR1: --user may not make files there; "
        "give a folder of that user's, as systemd's LogsDirectory= makes "
        "one, or rotate it with copytruncate");
  }
}

}  // namespace

std::vector<Door> doors_at(const std::vector<std::string>& endpoints,
                           const std::function<Door(std::string)>& on) {
  if (endpoints.empty()) return {on({})};
  std::vector<Door> doors;
  for (const std::string& endpoint : endpoints) doors.push_back(on(endpoint));
  return doors;
}

bool has_endpoint(const std::vector<Door>& doors) {
  return !takes_passed_sockets(doors) || std::getenv("LISTEN_FDS") != nullptr ||
         is_listening_socket(STDIN_FILENO);
}

int serve(const Loader& load, const std::vector<Door>& doors,
          const Options& options, const std::string& name, int* signal) {
  const int processes = count_processes(doors, options);
  check(options, processes);
  Signals::hold();
  const Notifier notifier;
  // What is wrong up to start_log() whoever started the service is to see.
  std::optional<AccessLog> access_log;
  if (!options.logs.access_file.empty()) access_log.emplace(options.logs);
  std::optional<PidFile> pid_file;
  if (!options.pid_file.empty()) pid_file.emplace(options.pid_file);
  OpenDoors open = open_doors(name, doors, options);
  std::vector<std::string> door_names = open.names();
  Shared shared{.name = name,
                .banner = {},
                .warnings = {},
                .options = options,
                .load = load,
                .application = {},
                .doors = std::move(open.doors),
                .listeners = std::move(open.listeners),
                .board = {processes == 0 ? 1 : 2 * processes + spare_workers,
                          options.threads, spare_threads(options.threads),
                          std::move(door_names)},
                .access_log = access_log ? &*access_log : nullptr,
                .processes = processes};
  shared.banner = banner(name, shared.doors, processes, shared.options.threads);
  std::optional<Supervisor> supervisor;
  if (processes > 0) supervisor.emplace(shared, notifier);
  start_log(options.logs.file);
  give_up_privileges(options.user, options.group, options.chroot);
  warn_who_may_connect(shared);
  warn_what_stays(shared, pid_file ? &*pid_file : nullptr);
  const int status = supervisor ? supervisor->run() : serve_under_init([&] {
    return work(shared, {}, &notifier);
  });
  if (signal != nullptr) *signal = supervisor ? supervisor->stop_signal() : 0;
  if (status == 0) log(LogLevel::info, name + ": stopped");
  return status;
}

int serve(const Application& application, const std::vector<Door>& doors,
          const Options& options) {
  return serve([&application] { return application; }, doors, options,
               doors.empty() ? "decant" : doors.front().protocol);
}

}  // namespace decant::service
