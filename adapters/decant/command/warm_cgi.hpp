// SPDX-License-Identifier: MIT
// `decant cgi --warm`: what becomes of a request that may be handed over.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "decant/command/command_line.hpp"
#include "decant/command/run.hpp"
#include "decant/server/warm.hpp"
#include "decant/server/warm/caller.hpp"
#include "decant/server/warm/place.hpp"

namespace decant::command {

/// A process that may be a caller, a starter or a worker.
class WarmCgi {
 public:
  /// Looks at the words, which are the owner's, and the environment. Borrows
  /// `argv`.
  WarmCgi(const std::vector<std::string>& words, char** argv);

  /// To be called before what `settings` say changes this process: a worker is
  /// started as the process was.
  void remember_origin(const Settings& settings);
  /// Hands the request of this process over. Gives the exit status once it has
  /// been served, no value when this process is to go on.
  std::optional<int> hand_over() const;
  /// Serves as a worker, if this process is one; else starts one, if there is
  /// none, and gives no value: the request is served here.
  std::optional<int> serve(const Settings& settings, const Loader& load);

  /// --warm-status and --warm-stop. Gives the exit status: 1 when there is no
  /// worker.
  static int tell(const Settings& settings);

 private:
  warm::Wish wish_;
  std::string program_;  // of a process that has a wish
  char** argv_;
  bool was_tried_;
  std::optional<warm::Seat> seat_;
  std::optional<warm::Identity> identity_;  // of a process that has a wish
  warm::Origin origin_;
};

}  // namespace decant::command
