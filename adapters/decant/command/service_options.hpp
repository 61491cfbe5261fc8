// SPDX-License-Identifier: MIT
// The options of a service, whatever it speaks: sockets, processes, limits,
// logs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "decant/normaliser.hpp"
#include "decant/service/options.hpp"

namespace CLI {
class App;
}

namespace decant::command {

/// Takes them as texts, group by group as a command has them, and makes
/// settings of them.
class ServiceOptions {
 public:
  /// Borrows what is to be filled.
  explicit ServiceOptions(service::Options& options) : options_(options) {}

  void add_sockets(CLI::App& app);
  /// Under a name of the command's own.
  void add_threads(CLI::App& app, const char* name, const char* description);
  void add_processes(CLI::App& app);
  void add_limits(CLI::App& app);
  /// The logs and the status.
  void add_observation(CLI::App& app);

  /// Once the words are parsed. Throws UsageError: one line that names the
  /// option.
  void finish(normaliser::Rules& rules);
  /// The limits that were given, and the rest of `defaults`. Throws UsageError.
  service::Limits limits(service::Limits defaults) const;

 private:
  void finish_processes();

  service::Options& options_;
  std::string mode_ = "0600";
  std::vector<std::string> allow_peer_;
  std::optional<std::string> max_params_;
  std::string max_body_ = "0";
  std::optional<std::string> grace_;
  std::string access_format_ = "common";
  std::string max_requests_ = "0";
  std::string max_memory_ = "0";
  std::optional<std::string> max_connections_;
  std::optional<std::string> spool_;
  std::optional<std::string> timeout_;
  std::optional<std::string> header_timeout_;
  std::optional<std::string> io_timeout_;
  std::optional<std::string> idle_timeout_;
  std::string idle_exit_ = "0";
  std::string load_timeout_ = "0";
  std::optional<std::string> processes_;
  std::string threads_ = "4";
};

}  // namespace decant::command
